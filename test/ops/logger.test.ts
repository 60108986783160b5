import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnavailableError } from '../../src/core/errors.ts';
import type { Log } from '../../src/lib/log.ts';
import { createLog, type LogLevel } from '../../src/ops/logger.ts';

test('createLog() writes one JSON object a line with level, time, message and fields', () => {
  const { log, lines } = recorded('info');
  const before = Date.now();
  log.info('rules put in place', { target: 'suricata', added: 3, keys: ['eve.type'] });
  const [line] = lines();
  assert.ok(typeof line?.time === 'number' && line.time >= before);
  assert.deepEqual(
    { ...line, time: 0 },
    {
      level: 'info',
      time: 0,
      target: 'suricata',
      added: 3,
      keys: ['eve.type'],
      msg: 'rules put in place',
    },
  );
});

test('createLog() leaves out what is below its level', () => {
  const { log, lines } = recorded('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.deepEqual(
    lines().map((line) => line.msg),
    ['c', 'd'],
  );
});

test('createLog() gives a foreseen error its hint and causes and no stack', () => {
  const { log, lines } = recorded('info');
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  log.error('lookup failed', { err: new UnavailableError('Cannot ask', { cause, hint: 'Look.' }) });
  assert.deepEqual(lines()[0]?.err, {
    type: 'UnavailableError',
    message: 'Cannot ask',
    hint: 'Look.',
    cause: { type: 'Error', message: 'connect', code: 'ECONNREFUSED' },
  });
});

test('createLog() gives a bug its stack', () => {
  const { log, lines } = recorded('info');
  log.error('bug', { err: new TypeError('x is\nnot') });
  const err = lines()[0]?.err as { stack: string[]; message: string };
  assert.equal(err.message, 'x is\\u000anot');
  assert.match(err.stack[0] ?? '', /^at .*logger\.test/);
});

test('createLog() survives errors that are none and causes that go round', () => {
  const { log, lines } = recorded('info');
  const round = new Error('a');
  round.cause = round;
  log.error('x', { err: 'text' });
  log.error('x', { err: undefined });
  log.error('x', { err: round });
  assert.equal(lines().length, 3);
});

test('createLog() lets no control, invisible or direction-changing character out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { log, lines, raw } = recorded('info');
      log.info(text, { observable: text, keys: [text], err: new Error(text) });
      assert.doesNotMatch(raw().slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(String(lines()[0]?.observable), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('createStdoutLog() has written its line when the process exits at once', () => {
  const module = join(import.meta.dirname, '../../src/ops/logger.ts');
  const script = `import { createStdoutLog } from ${JSON.stringify(module)}; createStdoutLog('info').info('last words'); process.exit(3);`;
  let stdout = '';
  try {
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { encoding: 'utf8' });
  } catch (error) {
    stdout = String((error as { stdout: unknown }).stdout);
  }
  assert.equal(JSON.parse(stdout).msg, 'last words');
});

function recorded(level: LogLevel): { log: Log; lines: () => Record<string, unknown>[]; raw: () => string } {
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  const log = createLog({ level, destination: { write } });
  const lines = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return { log, lines, raw: () => text };
}
