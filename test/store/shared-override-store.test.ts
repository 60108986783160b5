import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePattern } from '../../src/core/pattern.ts';
import type { SharedWord } from '../../src/store/shared-override-store.ts';
import { Store } from '../../src/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { reportOf } from '../triage/network.ts';

function openStore(t: Parameters<typeof tempDir>[0]): Store {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
  t.after(() => store.close());
  return store;
}

function word(pattern: string, saidAt: number, changes: Partial<SharedWord> = {}): SharedWord {
  const parsed = parsePattern(pattern);
  assert.ok(parsed.ok);
  return {
    pattern: parsed.value,
    action: 'allow',
    reason: '',
    origin: 'operator',
    sensor: 'office',
    saidAt,
    ...changes,
  };
}

test('SharedOverrideStore follows the centre, but for what was said here and is not told yet', (t) => {
  const { sharedOverrides: words } = openStore(t);
  assert.equal(words.hear(word('a.com', 100), 1_000), true);
  assert.equal(words.hear(word('a.com', 103), 1_000), false, 'the same again is no news');
  assert.equal(
    words.hear(word('gone.com', 100, { action: 'forget' }), 1_000),
    false,
    'nor is the end of what never was',
  );
  assert.equal(words.hear(word('a.com', 100, { action: 'block' }), 1_000), true);
  words.say(word('a.com', 50, { sensor: 'here' }));
  assert.equal(words.find('a.com')?.action, 'allow', 'what is said here comes after what was heard, by whatever clock');
  assert.equal(words.current(0)[0]?.createdAt, 101);
  assert.equal(words.hear(word('a.com', 100, { action: 'block' }), 1_000), false, 'the centre has not heard it yet');
  assert.equal(words.hear(word('a.com', 200, { action: 'forget' }), 1_000), true, 'but another took it back since');
  assert.deepEqual(words.current(0), []);
});

test('SharedOverrideStore ends what a word took the place of that is over by the time it is heard', (t) => {
  const { sharedOverrides: words } = openStore(t);
  words.hear(word('a.com', 100), 1_000);
  const ended = word('a.com', 2_000, { action: 'block', expiresAt: 3_000 });
  assert.equal(words.hear(ended, 4_000), true, 'the allow of before was taken back by it, and it is over');
  assert.equal(words.find('a.com'), undefined);
  assert.deepEqual(words.current(4_000), []);
  assert.equal(words.hear(ended, 4_000), false, 'that is no news twice');
  assert.deepEqual(words.pending(10), []);
});

test('SharedOverrideStore tells what the centre does not know, until that very word is acknowledged', (t) => {
  const { sharedOverrides: words } = openStore(t);
  words.hear(word('b.com', 1), 1);
  words.say(word('a.com', 1));
  const [first] = words.pending(10);
  assert.ok(first);
  words.say(word('a.com', 2, { action: 'forget' }));
  words.acknowledge(first);
  assert.deepEqual(
    words.pending(10).map(({ pattern, action }) => [pattern.text, action]),
    [['a.com', 'forget']],
  );
  for (const one of words.pending(10)) words.acknowledge(one);
  assert.deepEqual(words.pending(10), []);
});

test('SharedOverrideStore ends a word when its time is over, and does not take it from the centre again', (t) => {
  const { sharedOverrides: words } = openStore(t);
  words.hear(word('a.com', 1, { expiresAt: 10 }), 1);
  assert.equal(words.current(9).length, 1);
  assert.equal(words.current(10).length, 0);
  assert.equal(words.ended(10).length, 1);
  words.end('a.com');
  assert.equal(words.ended(10).length, 0);
  assert.equal(words.hear(word('a.com', 1, { expiresAt: 10 }), 11), false);
});

test('ReportStore takes over only news of another sensor, and never as if it came from the future', (t) => {
  const { reports, outbox } = openStore(t);
  outbox.enable();
  const of = (askedAt: number) => ({ ...reportOf('a.com', 3, askedAt), sensor: 'office' });
  assert.equal(reports.takeOver(of(100), 1_000), true);
  assert.equal(reports.takeOver(of(100), 1_000), false);
  assert.equal(reports.takeOver(of(5_000), 1_000), true, 'its clock is ahead');
  assert.equal(reports.takeOver(of(5_000), 2_000), false, 'and still it is the same report');
  const [latest, earlier] = reports.history(of(0).observable);
  assert.deepEqual([latest?.askedAt, latest?.sensor, earlier?.askedAt], [1_000, 'office', 100]);
  reports.keep(reportOf('a.com', 4, 1_500));
  assert.equal(reports.latest(of(0).observable)[0]?.stats.malicious, 4, 'an answer of our own is later');
  assert.equal(outbox.next('scans', undefined, 10).length, 1, 'only our own is told to the centre');
});
