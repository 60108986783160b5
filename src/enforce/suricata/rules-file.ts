import { readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../lib/make-folder.ts';
import { readDataset, replaceFile, syncFolder, writeDataset, writeFresh } from './dataset-file.ts';
import { LIVE_SETS, type LiveSet, OWN_SET_REFS, setFile } from './datasets.ts';
import { ownRulesIn } from './publication.ts';
import { checkRules, type RuleProblem } from './rules-check.ts';

/** Where rules stand and how they are checked. */
export interface RulesFileOptions {
  readonly rulesFile: string;
  readonly datasetsDir: string;
  readonly binary: string;
  readonly config: string;
  /** Put rules in place although Suricata's binary is not there to check them. */
  readonly allowUnchecked: boolean;
}

/** What became of new rules. */
export type PutOutcome =
  | { readonly outcome: 'same' }
  | { readonly outcome: 'put' }
  | {
      readonly outcome: 'refused';
      readonly reason: string;
      /** Lines of the text that Suricata complained about, counted from 1. */
      readonly lines: readonly number[];
    };

/**
 * The rules file that Suricata loads. What does not pass `suricata -T` never gets its name; what is replaced stays
 * beside it as `.previous`. The datasets of entries with a rule of their own are changed along with it, in an order in which a
 * reload by somebody else at any moment finds every entry alerting, at worst twice.
 */
export class RulesFile {
  readonly #options: RulesFileOptions;
  readonly #previous: string;

  constructor(options: RulesFileOptions) {
    this.#options = options;
    this.#previous = `${options.rulesFile}.previous`;
  }

  /** Creates the folder of the rules file where it is missing. */
  async createFolder(): Promise<void> {
    makeFolder(dirname(this.#options.rulesFile));
  }

  /** The rules in place, or `undefined` when there are none. */
  async read(): Promise<string | undefined> {
    return readIfThere(this.#options.rulesFile);
  }

  /** Last change of the file, epoch milliseconds; 0 when there is none. */
  async changedAt(): Promise<number> {
    return stat(this.#options.rulesFile).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  }

  /** Checks `text` and puts it in place. With `keepPrevious` false nothing of the old rules stays behind. */
  async put(text: string, keepPrevious: boolean, signal?: AbortSignal): Promise<PutOutcome> {
    const { rulesFile } = this.#options;
    await this.createFolder();
    await this.#createOwnSets();
    const present = await this.read();
    if (present === text) {
      if (!keepPrevious) await rm(this.#previous, { force: true });
      return { outcome: 'same' };
    }
    const candidate = `${rulesFile}.candidate`;
    try {
      await writeFresh(candidate, text);
      const refusal = await this.#refusal(candidate, signal);
      if (refusal !== undefined) return refusal;
      if (present !== undefined && keepPrevious) await replaceFile(this.#previous, present);
      if (!keepPrevious) await rm(this.#previous, { force: true });
      await this.#swap(candidate, text);
    } finally {
      await rm(candidate, { force: true });
    }
    return { outcome: 'put' };
  }

  /** Puts the previous rules back. False when there are none. */
  async restore(): Promise<boolean> {
    const text = await readIfThere(this.#previous);
    if (text === undefined) return false;
    await this.#swap(this.#previous, text);
    return true;
  }

  async #refusal(candidate: string, signal: AbortSignal | undefined): Promise<PutOutcome | undefined> {
    const { binary, config, allowUnchecked } = this.#options;
    const check = await checkRules(candidate, { binary, config, ...(signal === undefined ? {} : { signal }) });
    if (check.outcome === 'passed') return undefined;
    if (check.outcome === 'failed') {
      const lines = check.problems.flatMap(({ line }) => (line === undefined ? [] : [line]));
      return { outcome: 'refused', reason: `suricata -T refuses them: ${summary(check.problems)}`, lines };
    }
    if (allowUnchecked) return undefined;
    return { outcome: 'refused', reason: `they could not be checked, since ${check.reason}`, lines: [] };
  }

  async #swap(candidate: string, text: string): Promise<void> {
    const { own } = ownRulesIn(text);
    // Before the rename, entries may only leave these sets: one without its rule would be silent.
    for (const set of LIVE_SETS) {
      const before = (await readDataset(this.#ownFile(set), OWN_SET_REFS[set].type)) ?? new Set<string>();
      await this.#writeOwn(set, before, new Set([...before].filter((entry) => own[set].has(entry))));
    }
    await rename(candidate, this.#options.rulesFile);
    await syncFolder(dirname(this.#options.rulesFile));
    for (const set of LIVE_SETS) {
      const before = (await readDataset(this.#ownFile(set), OWN_SET_REFS[set].type)) ?? new Set<string>();
      await this.#writeOwn(set, before, own[set]);
    }
  }

  async #writeOwn(set: LiveSet, before: ReadonlySet<string>, after: ReadonlySet<string>): Promise<void> {
    if (before.size === after.size && [...after].every((entry) => before.has(entry))) return;
    await writeDataset(this.#ownFile(set), OWN_SET_REFS[set].type, after);
  }

  /** Suricata refuses a rule whose dataset is missing, also while it only checks. */
  async #createOwnSets(): Promise<void> {
    for (const set of LIVE_SETS) {
      const path = this.#ownFile(set);
      if ((await readDataset(path, OWN_SET_REFS[set].type)) === undefined) {
        await writeDataset(path, OWN_SET_REFS[set].type, []);
      }
    }
  }

  #ownFile(set: LiveSet): string {
    return setFile(this.#options.datasetsDir, OWN_SET_REFS[set]);
  }
}

const SHOWN_PROBLEMS = 3;

function summary(problems: readonly RuleProblem[]): string {
  const shown = problems.slice(0, SHOWN_PROBLEMS).map(({ line, message }) => {
    return line === undefined ? message : `line ${line}: ${message}`;
  });
  const more = problems.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
