import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

/**
 * Replaces a file as a whole: readers see the old bytes or the new ones and nothing between, also after a power cut.
 * The folder is made where it is missing. It is written to `beside` first, where a killed process leaves it; what stood there is lost.
 * @throws the system's error (`ENOSPC`, `EACCES`); the old file then stays as it was.
 */
export function writeFileAtomically(
  path: string,
  content: string | Buffer,
  mode: number,
  beside: string = `${path}.new`,
): void {
  const folder = dirname(path);
  makeFolder(folder);
  try {
    // Anew and exclusively: what stands there may be a link that somebody else made, and must not be written through.
    rmSync(beside, { force: true });
    const file = openSync(beside, 'wx', mode);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Where to write a file of somebody else's folder before it takes its place: a name that nobody else gives. */
export function unfinished(path: string): string {
  return `${path}.guardian-unfinished`;
}

// The rename itself is on disk only when its folder is.
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** As `writeFileAtomically`, without holding anything up, and with exactly this mode: that of `open` is cut by the umask. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const folder = dirname(path);
  makeFolder(folder);
  const beside = `${path}.new`;
  try {
    await rm(beside, { force: true });
    const file = await open(beside, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  syncFolder(folder);
}
