import { chmodSync, lstatSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { OperatorError } from '../core/errors.ts';
import { unfinished } from '../lib/atomic-file.ts';

/**
 * Writes a file in one step: who reads it sees the old one or the new one. What is no file (a pipe, a device) is written into.
 * One that somebody has closed to others stays closed to them, whatever `mode` says.
 * @throws OperatorError when it cannot be written.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = unfinished(path);
  try {
    if (isStream(path)) {
      writeFileSync(path, text);
      return;
    }
    // One that was left behind, or put there to be written through, is not what is written into.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode, flag: 'wx' });
    const present = lstatSync(path, { throwIfNoEntry: false });
    if (present?.isFile() === true) chmodSync(temporary, statSync(temporary).mode & present.mode & 0o777);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const hint = 'Name a file in a folder that this user may write to.';
    throw new OperatorError(`Cannot write ${JSON.stringify(path)}: ${code}`, { cause, hint });
  }
}

/** Root would put a file in the place of /dev/null, or of the link /dev/stdout, for everybody on the machine. */
function isStream(path: string): boolean {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present === undefined) return false;
  return /^\/dev\/(?!shm\/)/.test(path) || !(present.isFile() || present.isDirectory());
}
