import { createHash, type Hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { replaceFile } from '../../lib/atomic-file.ts';
import { gently, type Steps, steps } from '../../lib/gently.ts';
import { appendSynced } from './dataset-file.ts';
import { contextFile, LIVE_SETS, type LiveSet } from './datasets.ts';
import { entryContext } from './entry-context.ts';
import type { ContextOf } from './set-entry.ts';

/** Suricata may run as another user. */
const FILE_MODE = 0o644;

/**
 * The live sets once more, each entry with what is said of it, for a Suricata that puts that into its alerts. Made from the plain
 * files, which stay the truth; never called concurrently.
 */
export class ContextFiles {
  readonly #dir: string;
  /** Of what stands in each file, as far as this process wrote it. */
  readonly #hashes = new Map<LiveSet, Hash>();
  #mayBeThere = true;

  constructor(datasetsDir: string) {
    this.#dir = datasetsDir;
  }

  /** Brings the file of a set to its entries. One that says the same is not touched. */
  async write(set: LiveSet, entries: ReadonlySet<string>, contextOf: ContextOf): Promise<void> {
    this.#mayBeThere = true;
    const text = `${entryContext(NOTHING[set], undefined)}\n${await gently(render(set, entries, contextOf))}`;
    const hash = createHash('sha256').update(text);
    if (this.#hashes.get(set)?.copy().digest('hex') === hash.copy().digest('hex')) return;
    this.#hashes.delete(set);
    await replaceFile(contextFile(this.#dir, set), text, FILE_MODE);
    this.#hashes.set(set, hash);
  }

  /** Adds entries that the file does not hold. */
  async append(set: LiveSet, entries: readonly string[], contextOf: ContextOf): Promise<void> {
    const hash = this.#hashes.get(set);
    // Not written by this process: the next drive writes it as a whole.
    if (hash === undefined || entries.length === 0) return;
    const text = await gently(render(set, entries, contextOf));
    this.#hashes.delete(set);
    await appendSynced(contextFile(this.#dir, set), text);
    this.#hashes.set(set, hash.update(text));
  }

  /** Leaves nothing behind. */
  async remove(): Promise<void> {
    if (!this.#mayBeThere) return;
    this.#hashes.clear();
    for (const set of LIVE_SETS) await rm(contextFile(this.#dir, set), { force: true });
    this.#mayBeThere = false;
  }
}

/**
 * Suricata 8.0.7 refuses a file of addresses without one, and complains of one without names, so each begins with what is never on the
 * wire: a name that is reserved (RFC 6761), an address that is for nobody (RFC 6666).
 */
const NOTHING: Readonly<Record<LiveSet, string>> = {
  domains: 'guardian.invalid',
  dotted: '.guardian.invalid',
  ips: '100::',
};

function* render(set: LiveSet, entries: Iterable<string>, contextOf: ContextOf): Steps<string> {
  const lines: string[] = [];
  yield* steps(entries, (entry) => lines.push(`${contextOf({ set, entry })}\n`));
  return lines.join('');
}
