import { join } from 'node:path';
import { ListFilesTarget } from '../../../src/enforce/lists/list-files-target.ts';
import type { PiholeBook, PiholeEntry } from '../../../src/enforce/pihole/pihole-book.ts';
import { PiholeTarget, type PiholeTargetOptions } from '../../../src/enforce/pihole/pihole-target.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { SINCE } from '../suricata/desired.ts';
import { FtlStandIn, type FtlStandInOptions } from './ftl-stand-in.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** A book that forgets everything at the end. */
export class MemoryPiholeBook implements PiholeBook {
  readonly #entries = new Map<string, PiholeEntry>();

  all(): readonly PiholeEntry[] {
    return [...this.#entries.values()];
  }

  remember(entry: PiholeEntry): void {
    this.#entries.set(`${entry.place} ${entry.item}`, entry);
  }

  forget(place: string, item: string): void {
    this.#entries.delete(`${place} ${item}`);
  }
}

/** A Pi-hole and what is needed to drive it. */
export interface PiholeWorld {
  readonly ftl: FtlStandIn;
  readonly book: MemoryPiholeBook;
  readonly dir: string;
  readonly listsDir: string;
  readonly lists: ListFilesTarget;
  /** The clock of all targets made here. */
  readonly clock: { now: number };
  /** A target on it; each one is a guardian started anew on the same data. */
  readonly target: (changes?: Partial<PiholeTargetOptions>) => PiholeTarget;
}

/** Starts a stand-in on loopback that ends with the test. */
export async function piholeWorld(t: TestContext, options: FtlStandInOptions = {}): Promise<PiholeWorld> {
  const ftl = new FtlStandIn({ rowMs: 0, pickupMs: 5, ...options });
  await ftl.start();
  const dir = tempDir(t);
  const listsDir = join(dir, 'lists');
  const book = new MemoryPiholeBook();
  const clock = { now: SINCE };
  ftl.now = () => clock.now;
  const made: PiholeTarget[] = [];
  t.after(async () => {
    for (const target of made) await target.stop();
    await ftl.stop();
  });
  const target = (changes: Partial<PiholeTargetOptions> = {}): PiholeTarget => {
    const one = new PiholeTarget({
      url: ftl.url,
      password: () => 'correct horse',
      mode: 'api',
      listAddress: `file://${join(listsDir, 'domains.txt')}`,
      dns: { host: '127.0.0.1', port: ftl.dns.port },
      gravityEveryMs: 6 * 3_600_000,
      stateDir: dir,
      userAgent: 'HomeNetworkGuardian/test',
      book,
      log: SILENT,
      now: () => clock.now,
      random: Math.random,
      ...changes,
    });
    made.push(one);
    return one;
  };
  return {
    ftl,
    book,
    dir,
    listsDir,
    lists: new ListFilesTarget({ dir: listsDir, sensor: 'test', now: Date.now }),
    clock,
    target,
  };
}
