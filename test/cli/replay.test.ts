import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import type { ReplayOptions, ReplaySummary } from '../../src/sidecar/replay-summary.ts';
import { tempDir } from '../support/temp-dir.ts';
import { cli, input } from './cli-fixture.ts';

const SUMMARY: ReplaySummary = {
  lines: 3,
  malformed: 1,
  events: new Map([
    ['tls', 1],
    ['dns', 2],
  ]),
  observables: 2,
  refused: new Map([['bad_character', 1]]),
  verdicts: { malicious: 1, suspicious: 0, noise: 0, clean: 0, not_found: 0, no_opinion: 0, unasked: 1 },
  malicious: ['evil.com'],
  wouldAsk: [{ observable: 'new.com', lane: 'new', score: 2.5 }],
  asked: 0,
};

/** A pipeline that reads everything and notes what it was told. */
function pipeline() {
  const seen: { read: string; options?: ReplayOptions } = { read: '' };
  const replay = async (options: ReplayOptions): Promise<ReplaySummary> => {
    seen.options = options;
    seen.read = await text(options.input);
    return SUMMARY;
  };
  return { seen, replay };
}

test('replay sums a recording up', async (t) => {
  const file = join(tempDir(t), 'eve.json');
  writeFileSync(file, '{}\n{}\n');
  const { seen, replay } = pipeline();
  const { status, stdout, stderr } = await cli(['replay', file, '-c', '/x.yaml'], { replay });
  assert.equal(status, 0);
  assert.equal(stderr, '');
  assert.equal(seen.read, '{}\n{}\n');
  assert.equal(seen.options?.lookups, false);
  assert.equal(seen.options?.configPath, '/x.yaml');
  assert.match(stdout, /^what\tname\tcount\nlines\tall\t3\nlines\tmalformed\t1\nevent\tdns\t2\nevent\ttls\t1\n/);
  assert.match(stdout, /\nverdict\tmalicious\t1\nverdict\tunasked\t1\n/);
  assert.match(stdout, /\nwould ask about\tlane\tscore\nnew\.com\tnew\t2\.5\n$/);
});

test('replay reads standard input and prints one JSON document', async () => {
  const { seen, replay } = pipeline();
  const { stdout } = await cli(['replay', '-', '--json', '--lookups'], { replay, stdin: input('line\n') });
  assert.equal(seen.read, 'line\n');
  assert.equal(seen.options?.lookups, true);
  const summary = JSON.parse(stdout);
  assert.deepEqual(summary.events, { tls: 1, dns: 2 });
  assert.deepEqual(summary.would_ask, [{ observable: 'new.com', lane: 'new', score: 2.5 }]);
});

test('replay draws its progress on a terminal, apart from its result', async (t) => {
  const file = join(tempDir(t), 'eve.json');
  writeFileSync(file, 'x'.repeat(200_000));
  const { seen, replay } = pipeline();
  const { status, stdout } = await cli(['replay', file, '--json'], { replay, columns: 80 });
  assert.equal(status, 0);
  assert.equal(seen.read.length, 200_000);
  assert.equal(JSON.parse(stdout).lines, 3);
});

test('replay of a file that cannot be read is exit 1', async (t) => {
  const dir = tempDir(t);
  const { replay } = pipeline();
  const missing = await cli(['replay', join(dir, 'none')], { replay });
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^guardian: Cannot read ".*none": ENOENT\. Name a recorded eve\.json, or "-"\.\n$/);
  const folder = await cli(['replay', dir], { replay });
  assert.equal(folder.status, 1);
  assert.match(folder.stderr, /it is no file/);
});
