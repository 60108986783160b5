import { open, readFile, rename, rm } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { dirname } from 'node:path';
import { gently, type Steps, steps } from '../../lib/gently.ts';
import { linesOf } from '../../lib/lines-of.ts';
import type { SetType } from './suricata-commands.ts';

/** How entries stand in a file: strings in base64, as Suricata wants them; the rest as they are. */
export type EntryForm = SetType | 'sha1';

/** One entry as a line, its newline included: Suricata cuts the last character of every line, whatever it is. */
export function datasetLine(form: EntryForm, entry: string): string {
  if (form === 'string') return `${Buffer.from(entry, 'utf8').toString('base64')}\n`;
  // Suricata 8 refuses an IPv4 address in a file of addresses; this form both 7 and 8 take for it (measured with 7.0.10 and 8.0.7).
  return form === 'ip' && isIPv4(entry) ? `${MAPPED}${entry}\n` : `${entry}\n`;
}

const MAPPED = '::ffff:';

function entryOf(form: EntryForm, line: string): string {
  if (form === 'string') return Buffer.from(line, 'base64').toString('utf8');
  const rest = line.slice(MAPPED.length);
  return form === 'ip' && line.startsWith(MAPPED) && isIPv4(rest) ? rest : line;
}

/**
 * Reads the entries of a file we wrote. A missing file is `undefined`; so is one whose last line was torn by a crash,
 * because what stands there may decode to something else: the caller then writes it anew.
 */
export async function readDataset(path: string, form: EntryForm): Promise<Set<string> | undefined> {
  let content: string;
  try {
    content = await readFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (content !== '' && !content.endsWith('\n')) return undefined;
  const entries = new Set<string>();
  for (const line of linesOf(content)) entries.add(entryOf(form, line));
  return entries;
}

/** Adds entries at the end of an existing file and waits until they are on the disk. */
export async function appendDataset(path: string, form: EntryForm, entries: Iterable<string>): Promise<void> {
  await appendSynced(path, await gently(render(form, entries)));
}

/** Adds text at the end of a file and waits until it is on the disk. */
export async function appendSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'a', FILE_MODE);
  try {
    await file.appendFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file as a whole: readers see the old content or the new one, also after a power cut. */
export async function writeDataset(path: string, form: EntryForm, entries: Iterable<string>): Promise<void> {
  await replaceFile(path, await gently(render(form, entries)));
}

/** Writes `content` beside `path`, flushes it to the disk and renames it into place, mode 0644. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const beside = `${path}.new`;
  await writeFresh(beside, content);
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/** Writes a new file, mode 0644, flushed to the disk. What stands at `path` is removed first: a link is not written through. */
export async function writeFresh(path: string, content: string): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx', FILE_MODE);
  try {
    await file.writeFile(content);
    // The mode given to open() is cut by the umask, and Suricata may run as another user.
    await file.chmod(FILE_MODE);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a folder, which is what makes a rename in it survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const FILE_MODE = 0o644;

function* render(form: EntryForm, entries: Iterable<string>): Steps<string> {
  const lines: string[] = [];
  yield* steps(entries, (entry) => lines.push(datasetLine(form, entry)));
  return lines.join('');
}
