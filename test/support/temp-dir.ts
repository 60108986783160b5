import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface TestContext {
  after(fn: () => void): void;
}

/** Folders of tests that have ended. */
const done = new Set<string>();

process.once('exit', removeDone);

/**
 * A fresh folder that is removed when the test has ended. Short, since a unix socket's path holds 107 bytes.
 * Not removed in the test's own hook: hooks run in the order they were made, and what a later one ends still writes here.
 */
export function tempDir(t: TestContext): string {
  removeDone();
  const dir = mkdtempSync(join(tmpdir(), 'hng-'));
  t.after(() => {
    done.add(dir);
  });
  return dir;
}

/** What cannot be removed yet is tried again with the next folder, and at the end. */
function removeDone(): void {
  for (const dir of done) {
    try {
      rmSync(dir, { recursive: true, force: true });
      done.delete(dir);
    } catch {
      // A process that is being ended still writes there.
    }
  }
}
