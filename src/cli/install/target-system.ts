import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../core/errors.ts';
import { unfinished, writeFileAtomically } from '../../lib/atomic-file.ts';

const run = promisify(execFile);

/** No tool that is called here takes nearly as long. `suricata -T` without rules is ready in seconds on a small board. */
const TOOL_TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Mode and numeric owner of a file or folder. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The system that is installed to: this one, or the one whose root lies in a folder. */
export class TargetSystem {
  /** Absolute, `/` for this one. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Whether systemd runs on it. Never for a folder. */
  get isBooted(): boolean {
    return this.root === '/' && existsSync('/run/systemd/system');
  }

  /** Where a path of that system lies on this one. @throws OperatorError where a link on the way leads out of the folder. */
  at(path: string): string {
    if (this.root === '/') return path;
    const full = join(this.root, path);
    this.#refuseOutside(dirname(full));
    return full;
  }

  has(path: string): boolean {
    return lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** `undefined` when there is no such file. */
  read(path: string): string | undefined {
    try {
      return readFileSync(this.#followed(path), 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** Replaces or makes a file; where it is a link, what it leads to. */
  write(path: string, text: string, { mode, uid, gid }: Ownership): void {
    const full = this.#followed(path);
    const real = existsSync(full) ? realpathSync(full) : full;
    writeFileAtomically(real, text, mode, unfinished(real));
    // The umask cuts the mode given at creation.
    chmodSync(real, mode);
    chownSync(real, uid, gid);
  }

  /** Removes a file, or only what a run that was killed while it wrote the file left beside it. */
  remove(path: string, { onlyUnfinished = false } = {}): void {
    const full = this.#followed(path);
    const real = existsSync(full) ? realpathSync(full) : full;
    rmSync(unfinished(real), { force: true });
    if (!onlyUnfinished) rmSync(full, { force: true });
  }

  ownership(path: string): Ownership {
    const { mode, uid, gid } = statSync(this.#followed(path));
    return { mode: mode & 0o7777, uid, gid };
  }

  /** Who else but root made the link that stands in a path's place; `undefined` where there is none, or root's. */
  foreignLink(path: string): number | undefined {
    const present = lstatSync(this.at(path), { throwIfNoEntry: false });
    return present?.isSymbolicLink() === true && present.uid !== 0 ? present.uid : undefined;
  }

  /** Of a folder. Through its handle: whoever may write beside it could put a link to another one in its place meanwhile. */
  setOwnership(path: string, { mode, uid, gid }: Ownership): void {
    const isRootsLink = lstatSync(this.at(path)).isSymbolicLink() && this.foreignLink(path) === undefined;
    const handle = openSync(this.#followed(path), constants.O_DIRECTORY | (isRootsLink ? 0 : constants.O_NOFOLLOW));
    try {
      fchownSync(handle, uid, gid);
      fchmodSync(handle, mode);
    } finally {
      closeSync(handle);
    }
  }

  /** Number of a user or group by its file; `undefined` when there is none. */
  idOf(kind: 'passwd' | 'group', name: string): number | undefined {
    const id = this.#entryOf(kind, name)?.[2];
    return id !== undefined && /^\d+$/.test(id) ? Number(id) : undefined;
  }

  /** What a user is given at a login; where its entry names none, that is /bin/sh. */
  shellOf(user: string): string {
    return this.#entryOf('passwd', user)?.[6] || '/bin/sh';
  }

  #entryOf(kind: 'passwd' | 'group', name: string): readonly string[] | undefined {
    const line = (this.read(`/etc/${kind}`) ?? '').split('\n').find((entry) => entry.startsWith(`${name}:`));
    return line?.split(':');
  }

  /** Whether a program is installed here. */
  async canRun(program: string): Promise<boolean> {
    return run(program, ['--version'], { timeout: TOOL_TIMEOUT_MS }).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
  }

  /** As `at`, for what is read or written through a link too. */
  #followed(path: string): string {
    const full = this.at(path);
    if (this.root !== '/') this.#refuseOutside(full);
    return full;
  }

  /** A link of that system means its own root; here it would lead to a file of this machine. */
  #refuseOutside(full: string): void {
    const real = realPathOf(full);
    if (real === this.root || real.startsWith(`${this.root}/`)) return;
    throw new OperatorError(
      `Cannot install to "${this.root}": ${full} leads out of it, to ${real}, want what is below it`,
      {
        hint: 'Make the link a relative one, or run "guardian install" on that system itself.',
      },
    );
  }

  /** @throws OperatorError with the last line the tool said, when it cannot be run or fails. */
  async tool(program: string, args: readonly string[]): Promise<string> {
    const options = { timeout: TOOL_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    try {
      return (await run(program, [...args], options)).stdout;
    } catch (cause) {
      const hint = `Run it yourself: ${[program, ...args].join(' ')}`;
      throw new OperatorError(`Cannot run ${program}: ${lastWords(cause)}`, { cause, hint });
    }
  }
}

/** Where a path leads, as far as it is there. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) throw error;
    return realPathOf(dirname(path));
  }
}

/** How a text is recognised later. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function lastWords(error: unknown): string {
  const { stderr = '', code, message } = error as { stderr?: string; code?: string | number; message: string };
  if (code === 'ENOENT') return 'it is not installed';
  return stderr.trim().split('\n').at(-1) || message;
}
