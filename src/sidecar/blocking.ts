import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secrets.ts';
import type { PiholeConfig } from '../config/sections/target-sections.ts';
import type { DesiredState } from '../core/indicator.ts';
import { sharedHosting } from '../core/shared-hosting.ts';
import { ListFilesTarget } from '../enforce/lists/list-files-target.ts';
import { ListServer } from '../enforce/lists/list-server.ts';
import { NftablesTarget } from '../enforce/nftables/nftables-target.ts';
import { PiholePoll, type PiholeReading } from '../enforce/pihole/pihole-poll.ts';
import { PiholeTarget } from '../enforce/pihole/pihole-target.ts';
import { Publisher } from '../enforce/publisher.ts';
import { planPublication } from '../enforce/suricata/publication.ts';
import { SuricataTarget } from '../enforce/suricata/suricata-target.ts';
import type { Log } from '../lib/log.ts';
import type { Store } from '../store/store.ts';
import type { FeedWords } from './feed-words.ts';
import { suricataOptions } from './part-options.ts';
import { piholeApi, piholeDns } from './pihole-way.ts';

export interface BlockingOptions {
  readonly config: Config;
  readonly store: Store;
  readonly words: FeedWords;
  /** The Pi-hole's application password; absent where it has none or none is configured. */
  readonly piholePassword: Secret | undefined;
  readonly version: string;
  readonly pid: number;
  /** How long the longest-waiting change took from answer to enforced, in milliseconds. */
  readonly onEnforced: (tookMs: number) => void;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
}

/** Where verdicts take effect: every configured target, and who drives them. */
export class Blocking {
  readonly publisher: Publisher;
  readonly #options: BlockingOptions;
  readonly #suricata: SuricataTarget;
  readonly #pihole: PiholeTarget | undefined;
  readonly #piholePoll: PiholePoll | undefined;
  readonly #listServer: ListServer | undefined;

  /** @throws ConfigError when a file that a target is configured with cannot be read. */
  constructor(options: BlockingOptions) {
    const { config, store, pid, log, now } = options;
    this.#options = options;
    this.#suricata = new SuricataTarget({ ...suricataOptions(config), sids: store.sids, pid, log, now });
    this.#pihole = config.pihole === null ? undefined : piholeTarget(config.pihole, options);
    this.#piholePoll =
      config.pihole === null || this.#pihole === undefined
        ? undefined
        : piholePoll(this.#pihole, listAddressOf(config.pihole, config), options);
    this.#listServer =
      config.lists.http === null ? undefined : new ListServer({ dir: config.lists.dir, ...config.lists.http, log });
    this.publisher = new Publisher({
      targets: [
        this.#suricata,
        new ListFilesTarget({ dir: config.lists.dir, sensor: config.sensor, now }),
        // After the lists, since it may subscribe to one of them.
        ...(this.#pihole === undefined ? [] : [this.#pihole]),
        ...(config.nftables === null ? [] : [nftablesTarget(config.nftables, options)]),
      ],
      book: {
        desired: (at) => store.indicators.desired(at),
        takeChanges: () => store.indicators.takeChanges(),
        isWanted: (key, at) => store.indicators.isWanted(key, at),
        record: (drive) => store.publications.record(drive),
      },
      onEnforced: options.onEnforced,
      log,
      now,
    });
  }

  /**
   * Takes what only one may have, and touches nothing else yet.
   *
   * @throws ConfigError when another guardian holds the rules file, OperatorError when the lists cannot be served.
   */
  async claim(): Promise<void> {
    await this.#suricata.start();
    await this.#listServer?.start();
  }

  /** Publishes what is decided, from now on. */
  start(): void {
    this.publisher.start();
    this.#piholePoll?.start();
  }

  /** What is published stays in place: a guardian that is away protects as it did. */
  async stop(): Promise<void> {
    await this.publisher.stop();
    // Before the target gives back the session that both use.
    await this.#piholePoll?.stop();
    await Promise.all([this.#suricata.stop(), this.#pihole?.stop(), this.#listServer?.stop()]);
  }

  /** What the Pi-hole does; undefined where none is configured. */
  pihole(): PiholeReading | undefined {
    return this.#piholePoll?.reading();
  }

  /** The rules file as it would be for a desired state. */
  rulesFor(desired: DesiredState): string {
    const { config, store } = this.#options;
    return planPublication(desired, { ...suricataOptions(config), sids: store.sids }).rules;
  }
}

function piholeTarget(pihole: PiholeConfig, options: BlockingOptions): PiholeTarget {
  const { config, store, version, piholePassword, log, now, random } = options;
  return new PiholeTarget({
    ...piholeApi(pihole, version),
    password: () => piholePassword?.reveal(),
    mode: pihole.mode,
    listAddress: listAddressOf(pihole, config),
    dns: piholeDns(pihole),
    gravityEveryMs: pihole.gravityEveryMs,
    stateDir: config.dataDir,
    book: store.pihole,
    log,
    now,
    random,
  });
}

function listAddressOf({ listAddress }: PiholeConfig, { lists }: Config): string {
  return listAddress ?? `file://${join(lists.dir, 'domains.txt')}`;
}

function piholePoll(target: PiholeTarget, listAddress: string, { store, log, now }: BlockingOptions): PiholePoll {
  return new PiholePoll({
    client: target.client,
    listAddress,
    onStep: (at, step) => store.stats.addPihole(at, step),
    onHits: (at, hits) => store.transact(() => store.piholeHits.add(at, hits)),
    log,
    now,
  });
}

function nftablesTarget(nftables: NonNullable<Config['nftables']>, { words, now }: BlockingOptions): NftablesTarget {
  return new NftablesTarget({
    ...nftables,
    whyShared: (observable) => sharedHosting(observable) ?? words.sharing(observable),
    now,
  });
}
