import { link, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { OperatorError } from '../../core/errors.ts';

/**
 * Holds a rules file for one process. Two guardians on one file would overwrite each other for ever, so the second is
 * refused in words. What a dead process left behind is taken over.
 */
export class RulesLock {
  readonly #path: string;
  readonly #rulesFile: string;
  readonly #pid: number;
  #held = false;

  /** `pid` is the process that holds the lock: this one. */
  constructor(rulesFile: string, pid: number) {
    this.#rulesFile = rulesFile;
    this.#pid = pid;
    this.#path = `${rulesFile}.lock`;
  }

  /** @throws OperatorError when a living process holds it. */
  async acquire(): Promise<void> {
    const pid = this.#pid;
    const mine = `${this.#path}.${pid}`;
    // Of ours alone by its number: what stands there is left from an earlier boot, or a link that somebody else made.
    await rm(mine, { force: true });
    await writeFile(mine, `${pid} ${(await startOf(pid)) ?? ''}\n`, { flag: 'wx' });
    try {
      // A link appears whole: nobody can read a lock file that has no process in it yet.
      if (!(await tryLink(mine, this.#path))) await this.#takeOver(mine);
      this.#held = true;
    } finally {
      await rm(mine, { force: true });
    }
  }

  /** Gives the file free. Without an `acquire` before, does nothing. */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    await rm(this.#path, { force: true });
  }

  async #takeOver(mine: string): Promise<void> {
    const holder = await livingHolder(this.#path);
    if (holder === undefined) {
      await unlink(this.#path).catch(() => undefined);
      if (await tryLink(mine, this.#path)) return;
    }
    throw new OperatorError(
      `Cannot publish to "${this.#rulesFile}": process ${holder ?? 'that just came'} holds it, want one guardian for one rules file`,
      { hint: 'Stop the other guardian, or give this one another suricata.rules_file and suricata.datasets_dir.' },
    );
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function livingHolder(path: string): Promise<number | undefined> {
  const [pid = '', start = ''] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ');
  if (!/^\d+$/.test(pid)) return undefined;
  const now = await startOf(Number(pid));
  return now === undefined || now !== start ? undefined : Number(pid);
}

/**
 * When a process started and in which boot, which tells it from a later one with the same number: the lock lies on a
 * disk that outlives a reboot. `undefined` when there is no such process. proc(5), field 22 of stat.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // Field 2 is the name in brackets and may hold spaces, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()}/${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}
