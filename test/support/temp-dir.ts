import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface TestContext {
  after(fn: () => void): void;
}

/** A fresh folder that is removed when the test ends. Short, since a unix socket's path holds 107 bytes. */
export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'hng-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
