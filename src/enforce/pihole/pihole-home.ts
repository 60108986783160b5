import { readFileSync } from 'node:fs';
import { writeFileAtomically } from '../../lib/atomic-file.ts';

/**
 * Remembers which Pi-hole our records are about. At another one our entries are missing because it never had them, and not because
 * a person deleted them.
 */
export class PiholeHome {
  readonly #path: string;
  readonly #url: string;
  #isKnown = false;

  constructor(path: string, url: string) {
    this.#path = path;
    this.#url = url;
  }

  /** Whether the records are about another Pi-hole, or nobody knows about which. Cheap after `settle`. */
  isElsewhere(): boolean {
    if (this.#isKnown) return false;
    try {
      this.#isKnown = readFileSync(this.#path, 'utf8').trim() === this.#url;
    } catch {
      this.#isKnown = false;
    }
    return !this.#isKnown;
  }

  /** From now on the records are about this one. */
  settle(): void {
    writeFileAtomically(this.#path, `${this.#url}\n`, 0o600);
    this.#isKnown = true;
  }
}
