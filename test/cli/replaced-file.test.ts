import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';
import { replaceFile } from '../../src/cli/replaced-file.ts';
import { tempDir } from '../support/temp-dir.ts';

test('replaceFile() replaces a file and a link, with the mode it is given, and not what a link leads to', (t) => {
  const dir = tempDir(t);
  const [file, link] = [join(dir, 'file'), join(dir, 'link')];
  writeFileSync(file, 'old', { mode: 0o644 });
  symlinkSync(file, link);
  replaceFile(link, 'new', 0o600);
  assert.equal(lstatSync(link).mode & 0o777, 0o600);
  assert.equal(readFileSync(link, 'utf8'), 'new');
  assert.equal(readFileSync(file, 'utf8'), 'old');
});

test('replaceFile() opens nothing that somebody has closed, and leaves what they keep beside it', (t) => {
  const file = join(tempDir(t), 'report.html');
  writeFileSync(file, 'old', { mode: 0o600 });
  writeFileSync(`${file}.new`, 'mine');
  replaceFile(file, 'new', 0o644);
  assert.equal(lstatSync(file).mode & 0o777, 0o600);
  assert.equal(readFileSync(file, 'utf8'), 'new');
  assert.equal(readFileSync(`${file}.new`, 'utf8'), 'mine');
});

test('replaceFile() writes into a pipe or a device and leaves it in its place', async (t) => {
  const dir = tempDir(t);
  const [pipe, device] = [join(dir, 'pipe'), join(dir, 'device')];
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => reader.kill());
  replaceFile(pipe, 'a page', 0o600);
  assert.equal(await textOf(reader.stdout), 'a page');
  assert.ok(lstatSync(pipe).isFIFO());
  symlinkSync('/dev/null', device);
  replaceFile(device, 'a page', 0o600);
  assert.ok(lstatSync(device).isSymbolicLink());
});
