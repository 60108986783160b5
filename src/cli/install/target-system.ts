import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../core/errors.ts';
import { writeFileAtomically } from '../../lib/atomic-file.ts';

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

  /** Where a path of that system lies on this one. */
  at(path: string): string {
    return this.root === '/' ? path : join(this.root, path);
  }

  has(path: string): boolean {
    return lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** `undefined` when there is no such file. */
  read(path: string): string | undefined {
    try {
      return readFileSync(this.at(path), 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** Replaces or makes a file; where it is a link, what it leads to. */
  write(path: string, text: string, { mode, uid, gid }: Ownership): void {
    const full = this.at(path);
    const real = existsSync(full) ? realpathSync(full) : full;
    writeFileAtomically(real, text, mode);
    // The umask cuts the mode given at creation.
    chmodSync(real, mode);
    chownSync(real, uid, gid);
  }

  ownership(path: string): Ownership {
    const { mode, uid, gid } = statSync(this.at(path));
    return { mode: mode & 0o7777, uid, gid };
  }

  setOwnership(path: string, { mode, uid, gid }: Ownership): void {
    chownSync(this.at(path), uid, gid);
    chmodSync(this.at(path), mode);
  }

  /** Number of a user or group by its file; `undefined` when there is none. */
  idOf(kind: 'passwd' | 'group', name: string): number | undefined {
    const line = (this.read(`/etc/${kind}`) ?? '').split('\n').find((entry) => entry.startsWith(`${name}:`));
    const id = line?.split(':')[2];
    return id !== undefined && /^\d+$/.test(id) ? Number(id) : undefined;
  }

  /** Whether a program is installed here. */
  async canRun(program: string): Promise<boolean> {
    return run(program, ['--version'], { timeout: TOOL_TIMEOUT_MS }).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
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

/** How a text is recognised later. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function lastWords(error: unknown): string {
  const { stderr = '', code, message } = error as { stderr?: string; code?: string | number; message: string };
  if (code === 'ENOENT') return 'it is not installed';
  return stderr.trim().split('\n').at(-1) || message;
}
