import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const MODULES = join(import.meta.dirname, '../../node_modules');

test('no native package calls what aborts Node 24.19 and later when garbage is collected outside of a context', () => {
  const natives = readdirSync(MODULES, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/build\/Release\/[^/]+\.node$/.test(path),
  );
  assert.ok(natives.some((path) => path.startsWith('better-sqlite3/')) && natives.length >= 2, natives.join(' '));
  for (const path of natives) {
    const calls = readFileSync(join(MODULES, path), 'latin1').includes('RemoveEnvironmentCleanupHook');
    assert.equal(calls, false, `${path}: run "npm test", which builds it again`);
  }
});
