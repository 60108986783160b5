import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../src/lib/make-folder.ts';
import { tempDir } from '../support/temp-dir.ts';

test('makeFolder() makes what is missing, and leaves what is there as it is', (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'there'), 0o755);
  makeFolder(join(dir, 'there/a/b'), 0o700);
  makeFolder(join(dir, 'there/a/b'), 0o755);
  assert.equal(statSync(join(dir, 'there')).mode & 0o777, 0o755);
  assert.equal(statSync(join(dir, 'there/a')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(dir, 'there/a/b')), []);
  makeFolder('/');
});

test('makeFolder() follows a link to a folder, and takes neither a file nor a broken link for one', (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'real'));
  symlinkSync(join(dir, 'real'), join(dir, 'link'));
  makeFolder(join(dir, 'link/inner'));
  assert.deepEqual(readdirSync(join(dir, 'real')), ['inner']);
  writeFileSync(join(dir, 'file'), '');
  symlinkSync(join(dir, 'nowhere'), join(dir, 'broken'));
  assert.throws(() => makeFolder(join(dir, 'file')), { code: 'EEXIST' });
  assert.throws(() => makeFolder(join(dir, 'file/x')), { code: 'ENOTDIR' });
  assert.throws(() => makeFolder(join(dir, 'broken')), { code: 'EEXIST' });
});

test('makeFolder() ends with an error below a folder that takes none, instead of trying for ever', () => {
  assert.throws(() => makeFolder('/proc/no-such-thing/x'), { code: 'ENOENT' });
});
