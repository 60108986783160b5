import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that this program was installed to, with its units and examples. */
export const PRODUCT = fileURLToPath(new URL('../../../', import.meta.url));

/** The text of one of its files. */
export function productFile(path: string): string {
  return readFileSync(join(PRODUCT, path), 'utf8');
}
