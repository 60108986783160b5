import { readFileSync } from 'node:fs';

/** What a file holds at this moment; nothing where it is not there yet: a daemon is ready before its first drive wrote anything. */
export function textNow(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
