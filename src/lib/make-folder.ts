import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. With `mode`, those made get it, less the umask. Not `recursive: true` of
 * node:fs: below a folder that takes none, such as /proc, Node 20 tries for ever and blocks everything.
 * @throws the system's error (`ENOENT` where nothing can be made, `ENOTDIR`, `EACCES`, `ENOSPC`).
 */
export function makeFolder(path: string, mode = 0o777): void {
  if (made(path, mode)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above, mode);
  // Whatever is wrong now is told: what is above is there.
  if (!made(path, mode)) mkdirSync(path, mode);
}

/** Whether it is there now. False: something above is missing. */
function made(path: string, mode: number): boolean {
  try {
    mkdirSync(path, mode);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return isFolder(path, error);
    if (code === 'ENOENT') return false;
    throw error;
  }
}

function isFolder(path: string, error: unknown): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return true;
  throw error;
}
