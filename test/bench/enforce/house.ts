import { join } from 'node:path';
import { defaultConfig } from '../../../src/config/load-config.ts';
import { parsePattern } from '../../../src/core/pattern.ts';
import { ListFilesTarget } from '../../../src/enforce/lists/list-files-target.ts';
import { NftablesTarget } from '../../../src/enforce/nftables/nftables-target.ts';
import { PiholeTarget } from '../../../src/enforce/pihole/pihole-target.ts';
import { Publisher } from '../../../src/enforce/publisher.ts';
import { indicatorSids } from '../../../src/enforce/suricata/sid-range.ts';
import { SuricataTarget } from '../../../src/enforce/suricata/suricata-target.ts';
import type { Target } from '../../../src/enforce/target.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { FeedWords } from '../../../src/sidecar/feed-words.ts';
import { Judgement } from '../../../src/sidecar/judgement.ts';
import { Store } from '../../../src/store/store.ts';
import { FtlStandIn } from '../../enforce/pihole/ftl-stand-in.ts';
import { type LiveSuricata, startSuricata } from '../../support/suricata.ts';
import { domain, reportOf } from '../../triage/network.ts';
import type { Ending } from './ending.ts';
import { preciseNow, Stopwatch } from './stopwatch.ts';

const NEVER = new AbortController().signal;

/** Store, judge and publisher as in the daemon, over the targets that a benchmark is about. */
export class House {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly watch = new Stopwatch();
  readonly #judgement: Judgement;

  constructor(store: Store, targets: readonly Target[]) {
    this.store = store;
    const words = new FeedWords(store, []);
    this.#judgement = new Judgement({ config: defaultConfig(), store, words, now: Date.now });
    this.publisher = new Publisher({
      targets,
      book: {
        desired: (at) => store.indicators.desired(Math.floor(at)),
        takeChanges: () => store.indicators.takeChanges(),
        isWanted: (key, at) => store.indicators.isWanted(key, Math.floor(at)),
        record: (drive) => {
          store.publications.record({ ...drive, at: Math.floor(drive.at), asOf: Math.floor(drive.asOf) });
          this.watch.record(drive);
        },
      },
      onEnforced: () => undefined,
      log: SILENT,
      now: preciseNow,
    });
  }

  /** A report arrives: kept, judged and handed on as the lookup desk does. */
  arrive(name: string): void {
    this.watch.arrived(name);
    const at = preciseNow();
    const { indicatorChanged } = this.store.transactDurably(() => {
      this.store.reports.keep(reportOf(name, 12, Math.floor(at)));
      return this.#judgement.rejudge(domain(name));
    });
    if (indicatorChanged) this.publisher.changed(at);
  }

  /** An operator's word on a name, published when this resolves. */
  async say(word: 'block' | 'forget', text: string): Promise<void> {
    const pattern = parsePattern(text);
    if (!pattern.ok) throw new Error(`${text}: ${pattern.reason}`);
    const { operator } = this.#judgement;
    const createdAt = Date.now();
    if (word === 'forget') operator.forget(pattern.value);
    else operator.say({ action: 'block', pattern: pattern.value, reason: '', origin: 'operator', createdAt });
    await this.publisher.publish();
  }
}

/** A house without targets yet, in a folder of its own. */
export class Site {
  readonly ending: Ending;
  readonly dir: string;
  readonly store: Store;

  constructor(ending: Ending) {
    this.ending = ending;
    this.dir = ending.folder();
    const sidRange = indicatorSids(defaultConfig().suricata.sidRange);
    this.store = new Store({ path: join(this.dir, 'guardian.db'), sidRange });
    ending.after(() => this.store.close());
  }

  /** Live Suricata with our rules loaded, and the target that drives it. */
  async suricata(netns: string): Promise<{ readonly target: SuricataTarget; readonly suricata: LiveSuricata }> {
    const rulesFile = join(this.dir, 'rules', 'virustotal-ioc.rules');
    const target = new SuricataTarget({
      ...defaultConfig().suricata,
      commandSocket: join(this.dir, 's', 'command.sock'),
      rulesFile,
      datasetsDir: join(this.dir, 'datasets'),
      sids: this.store.sids,
      pid: process.pid,
      log: SILENT,
      now: Date.now,
    });
    // The rules must be there when Suricata starts.
    await target.drive(new Map(), NEVER);
    const suricata = await startSuricata(this.ending, { dir: join(this.dir, 's'), netns, rulesFiles: [rulesFile] });
    this.ending.after(() => target.stop());
    return { target, suricata };
  }

  lists(): ListFilesTarget {
    return new ListFilesTarget({ dir: join(this.dir, 'lists'), sensor: 'bench', now: Date.now });
  }

  /** The stand-in of a Pi-hole, which takes as long over everything as the real one was measured to, and its target. */
  async pihole(): Promise<{ readonly target: PiholeTarget; readonly ftl: FtlStandIn }> {
    const ftl = new FtlStandIn();
    await ftl.start();
    this.ending.after(() => ftl.stop());
    const target = new PiholeTarget({
      url: ftl.url,
      password: () => ftl.auth.password ?? undefined,
      mode: 'api',
      listAddress: `file://${join(this.dir, 'lists', 'domains.txt')}`,
      dns: { host: '127.0.0.1', port: ftl.dns.port },
      gravityEveryMs: 6 * 3_600_000,
      stateDir: this.dir,
      userAgent: 'HomeNetworkGuardian/bench',
      book: this.store.pihole,
      log: SILENT,
      now: Date.now,
      random: Math.random,
    });
    this.ending.after(() => target.stop());
    return { target, ftl };
  }

  /** Real nftables in a namespace. */
  firewall(netns: string): NftablesTarget {
    return new NftablesTarget({
      table: 'inet guardian',
      set4: 'bad4',
      set6: 'bad6',
      command: ['ip', 'netns', 'exec', netns, 'nft'],
      whyShared: () => undefined,
      now: Date.now,
    });
  }

  house(targets: readonly Target[]): House {
    const house = new House(this.store, targets);
    this.ending.after(() => house.publisher.stop());
    return house;
  }
}
