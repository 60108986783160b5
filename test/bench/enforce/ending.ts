import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is to be ended when a benchmark ends, the newest first. */
export class Ending {
  readonly #tasks: (() => Promise<void> | void)[] = [];

  after(task: () => Promise<void> | void): void {
    this.#tasks.unshift(task);
  }

  async end(): Promise<void> {
    for (const task of this.#tasks) await task();
  }

  /** A fresh folder that is removed at the end. */
  folder(): string {
    const dir = mkdtempSync(join(tmpdir(), 'hng-'));
    this.after(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }
}
