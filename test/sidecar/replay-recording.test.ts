import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { OperatorError } from '../../src/core/errors.ts';
import { NO_STATS, type Report } from '../../src/core/report.ts';
import { replayRecording } from '../../src/sidecar/replay-recording.ts';
import type { ReplaySummary } from '../../src/sidecar/replay-summary.ts';
import { Store } from '../../src/store/store.ts';
import { dnsQuestionLine } from '../support/eve-line.ts';
import { tempDir } from '../support/temp-dir.ts';

const BAD = { kind: 'domain', value: 'known-bad.top' } as const;

/** A folder with the store of a daemon that holds an answer, and what a replay of two names is told. */
function machine(t: TestContext) {
  const dir = tempDir(t);
  const configPath = join(dir, 'guardian.yaml');
  const socket = join(dir, 'api.sock');
  writeFileSync(configPath, `data_dir: ${JSON.stringify(dir)}\napi: {socket: ${JSON.stringify(socket)}}\n`);
  const path = join(dir, 'guardian.db');
  const store = new Store({ path, sidRange: { first: 1, last: 9 } });
  store.reports.keep(answer());
  const replay = (lookups = false): Promise<ReplaySummary> => {
    const input = Readable.from([dnsQuestionLine(BAD.value), dnsQuestionLine('never-seen.top')].map(Buffer.from));
    return replayRecording({})({ input, configPath, lookups, signal: new AbortController().signal });
  };
  return { store, path, socket, replay };
}

function answer(): Report {
  return {
    observable: BAD,
    source: 'virustotal',
    outcome: 'found',
    askedAt: Date.now(),
    stats: { ...NO_STATS, malicious: 20, harmless: 60 },
    flagged: Array.from({ length: 20 }, (_, i) => ({
      engine: `Engine ${i}`,
      category: 'malicious',
      result: 'malware',
    })),
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: '',
  };
}

test('replay beside a daemon that writes takes its answers and changes nothing of its store', async (t) => {
  const { store, path, replay } = machine(t);
  t.after(() => store.close());
  const daemon = new Database(path);
  t.after(() => daemon.close());
  daemon.exec('BEGIN IMMEDIATE');
  const before = [readFileSync(path), readFileSync(`${path}-wal`)];
  const summary = await replay();
  assert.deepEqual(summary.malicious, [BAD.value]);
  assert.deepEqual(
    summary.wouldAsk.map(({ observable }) => observable),
    ['never-seen.top'],
  );
  assert.deepEqual([readFileSync(path), readFileSync(`${path}-wal`)], before);
});

test('replay does not bring the store of an older guardian up to date behind its back', async (t) => {
  const { store, path, replay } = machine(t);
  store.close();
  const old = new Database(path);
  t.after(() => old.close());
  old.pragma('user_version = 3');
  await assert.rejects(replay(), (error: unknown) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /its schema is version 3, want \d+$/);
    return true;
  });
  assert.equal(old.pragma('user_version', { simple: true }), 3);
});

test('replay asks nobody where a daemon runs, and says who may', async (t) => {
  const { store, socket, replay } = machine(t);
  t.after(() => store.close());
  const daemon = createServer((connection) => connection.destroy()).listen(socket);
  t.after(() => daemon.close());
  await once(daemon, 'listening');
  await assert.rejects(replay(true), (error: unknown) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /^Cannot ask for a replay: a daemon answers at /);
    assert.match(error.hint ?? '', /guardian lookup/);
    return true;
  });
});
