import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { readApiKey, readSecret, Secret } from '../../src/config/secrets.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { type Log, type LogFields, SILENT } from '../../src/lib/log.ts';
import { tempDir } from '../support/temp-dir.ts';

test('Secret shows as [redacted] wherever it is printed', () => {
  const secret = new Secret('hunter2');
  assert.equal(`${secret}`, '[redacted]');
  assert.equal(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
  assert.equal(inspect({ secret }, { depth: 9, showHidden: true }), '{ secret: [redacted] }');
  assert.equal(secret.reveal(), 'hunter2');
});

test('readSecret() reads the file without its final newline', (t) => {
  const file = secretFile(tempDir(t), 'key', 'abc\r\n', 0o600);
  assert.equal(readSecret(file, {}, SILENT).reveal(), 'abc');
});

test('readSecret() prefers what systemd passed under the same base name', (t) => {
  const dir = tempDir(t);
  const credentials = join(dir, 'credentials');
  mkdirSync(credentials);
  const file = secretFile(dir, 'key', 'from-file', 0o600);
  assert.equal(readSecret(file, { CREDENTIALS_DIRECTORY: credentials }, SILENT).reveal(), 'from-file');
  secretFile(credentials, 'key', 'from-systemd', 0o440);
  const { log, warnings } = recorder();
  assert.equal(readSecret(file, { CREDENTIALS_DIRECTORY: credentials }, log).reveal(), 'from-systemd');
  assert.deepEqual(warnings, []);
});

test('readSecret() warns when others can read the file, and reads it', (t) => {
  const file = secretFile(tempDir(t), 'key', 'abc', 0o644);
  const { log, warnings } = recorder();
  assert.equal(readSecret(file, {}, log).reveal(), 'abc');
  assert.deepEqual(warnings, [{ path: file, hint: `Run "chmod 0600 ${file}".` }]);
});

test('readSecret() refuses a file that is missing, empty, of several lines or too long', (t) => {
  const dir = tempDir(t);
  const cases: [string, string | undefined][] = [
    ['there is no such file', undefined],
    ['it is empty, want the secret on one line', ' \n'],
    ['it has several lines, want the secret on one line', 'a\nb\n'],
    ['it is too long for a secret', 'x'.repeat(5000)],
  ];
  for (const [index, [what, content]] of cases.entries()) {
    const file = join(dir, `key${index}`);
    if (content !== undefined) writeFileSync(file, content, { mode: 0o600 });
    assert.throws(
      () => readSecret(file, {}, SILENT),
      (error) =>
        error instanceof ConfigError &&
        error.message === `Cannot read secret "${file}": ${what}` &&
        error.hint !== undefined,
    );
  }
});

test('readApiKey() takes the environment only when no file is configured', (t) => {
  const env = { VIRUSTOTAL_API_KEY: ' from-env\n' };
  assert.equal(readApiKey(null, env, SILENT)?.reveal(), 'from-env');
  assert.equal(readApiKey(null, { VIRUSTOTAL_API_KEY: '' }, SILENT), undefined);
  assert.equal(readApiKey(null, {}, SILENT), undefined);
  assert.throws(() => readApiKey(join(tempDir(t), 'none'), env, SILENT), ConfigError);
});

function secretFile(dir: string, name: string, content: string, mode: number): string {
  const file = join(dir, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

function recorder(): { log: Log; warnings: LogFields[] } {
  const warnings: LogFields[] = [];
  return { log: { ...SILENT, warn: (_message, fields = {}) => warnings.push(fields) }, warnings };
}
