import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backtest } from '../../src/triage/backtest.ts';
import { Blocks, DAY_MS } from './blocks.ts';

const BAD = 'evil-name.top';
const codes = (verdict: { readonly reasons: readonly { readonly code: string }[] } | undefined) =>
  verdict?.reasons.map(({ code }) => code);

test('backtest() counts devices, regular devices, days and uses, and nobody for events without a client', () => {
  const uses = [
    { client: '192.168.1.2', days: 5, count: 40 },
    { client: '192.168.1.3', days: 2, count: 2 },
    { client: '', days: 9, count: 7 },
  ];
  assert.deepEqual(backtest(uses), { devices: 2, regulars: 1, days: 9, queries: 49 });
});

test('a new block of a name that three devices used on three days waits for a person', (t) => {
  const blocks = new Blocks(t);
  blocks.useDaily(BAD, 3, 3);
  const verdict = blocks.answer(BAD, 6);
  assert.deepEqual([verdict.state, verdict.block, verdict.held], ['malicious', true, true]);
  assert.match(verdict.reasons.at(-1)?.text ?? '', /^A block would have hit 3 devices \(3 of them on 3 days or more/);
  assert.deepEqual(blocks.published(), []);
  assert.deepEqual(
    blocks.store.verdicts.page({ limit: 10, held: true }).verdicts.map(({ observable }) => observable.value),
    [BAD],
  );
  assert.deepEqual(blocks.store.verdicts.page({ limit: 10, held: false }).verdicts, []);
});

test('too few devices, too few days, or a strong verdict: nothing waits', (t) => {
  const blocks = new Blocks(t);
  blocks.useDaily('few-devices.top', 2, 9);
  blocks.useDaily('few-days.top', 9, 2);
  blocks.useDaily('strong.top', 9, 9);
  for (const [name, engines] of [
    ['few-devices.top', 6],
    ['few-days.top', 6],
    ['strong.top', 12],
  ] as const)
    assert.equal(blocks.answer(name, engines).held, false, name);
  assert.equal(blocks.published().length, 3);
});

test('what is published already goes on without waiting, and what waits goes on waiting', (t) => {
  const blocks = new Blocks(t);
  blocks.answer('published.top', 6);
  blocks.useDaily('published.top', 5, 5);
  blocks.pass(DAY_MS);
  assert.equal(blocks.answer('published.top', 7).held, false);
  blocks.useDaily('waiting.top', 3, 3);
  blocks.answer('waiting.top', 6);
  blocks.store.sightings.forgetBefore(blocks.now + DAY_MS, 0, 1000);
  assert.equal(blocks.answer('waiting.top', 6).held, true);
  assert.equal(blocks.answer('waiting.top', 12).held, false, 'and strong ends the wait');
});

test('"block" approves what waits, "allow" refuses it, and taking the word back lets it wait again', (t) => {
  const blocks = new Blocks(t);
  blocks.useDaily(BAD, 3, 3);
  blocks.answer(BAD, 6);
  blocks.say('block', BAD);
  assert.deepEqual([blocks.verdict(BAD)?.held, blocks.published()], [false, [BAD]]);
  blocks.forget(BAD);
  assert.deepEqual([blocks.verdict(BAD)?.held, blocks.published()], [true, []]);
  blocks.say('allow', BAD);
  assert.deepEqual([blocks.verdict(BAD)?.held, blocks.published()], [false, []]);
});

test('one clean answer does not end a block, and says so; a second in a row ends it at once', (t) => {
  const blocks = new Blocks(t);
  blocks.answer(BAD, 7);
  const endsAt = blocks.indicator(BAD)?.expiresAt;
  blocks.pass(2 * DAY_MS);
  const first = blocks.answer(BAD, 0);
  assert.deepEqual([first.state, first.block, codes(first)?.at(-1)], ['malicious', true, 'clean_once']);
  assert.match(first.policyLine, /kept, since only one answer speaks against it \(clean: 0/);
  assert.equal(blocks.indicator(BAD)?.expiresAt, endsAt, 'an answer against it does not make it longer');
  assert.ok((first.recheckAt ?? 0) <= blocks.now + DAY_MS, 'and it is asked again soon');
  // Judging again is no answer.
  blocks.judgement.rejudge({ kind: 'domain', value: BAD });
  assert.deepEqual(blocks.published(), [BAD]);
  blocks.pass(DAY_MS);
  const second = blocks.answer(BAD, 1);
  assert.deepEqual([second.state, second.block, blocks.published()], ['noise', false, []]);
});

test('a bad answer after a clean one starts the count anew', (t) => {
  const blocks = new Blocks(t);
  for (const engines of [7, 0, 8, 0]) {
    blocks.pass(3_600_000);
    blocks.answer(BAD, engines);
  }
  assert.deepEqual(blocks.published(), [BAD]);
});

test('a policy that no longer blocks it ends a block at once', (t) => {
  const blocks = new Blocks(t);
  blocks.answer(BAD, 7);
  blocks.pass(3_600_000);
  blocks.answer(BAD, 0);
  blocks.say('allow', BAD);
  assert.deepEqual(blocks.published(), []);
});

test('a block is asked again before its end, and ends with its evidence; verdict and desired state agree', (t) => {
  const blocks = new Blocks(t);
  const verdict = blocks.answer(BAD, 7);
  const endsAt = blocks.indicator(BAD)?.expiresAt ?? 0;
  assert.ok((verdict.recheckAt ?? 0) < endsAt);
  blocks.pass(6 * DAY_MS + 1);
  assert.deepEqual(blocks.rechecks, [BAD]);
  blocks.pass(DAY_MS);
  const ended = blocks.verdict(BAD);
  assert.deepEqual([ended?.state, ended?.block, blocks.indicator(BAD)], ['malicious', false, undefined]);
  assert.deepEqual(codes(ended)?.at(-1), 'unconfirmed');
  assert.match(ended?.policyLine ?? '', /evidence not confirmed since 2026-01-05/);
  assert.equal(blocks.changes, 1);
  // Nothing but an answer brings it back: not even the policy being read anew.
  blocks.judgement.rejudge({ kind: 'domain', value: BAD });
  assert.deepEqual(blocks.published(), []);
  blocks.answer(BAD, 7);
  assert.deepEqual(blocks.published(), [BAD]);
});

test("a file's block is asked again before its end too, whatever recheck.file_malicious says", (t) => {
  const blocks = new Blocks(t);
  const file = { kind: 'file', value: 'a'.repeat(64) } as const;
  blocks.store.reports.keep({ ...blocksReport(blocks.now), observable: file });
  const { verdict } = blocks.judgement.rejudge(file);
  assert.ok((verdict?.recheckAt ?? Number.POSITIVE_INFINITY) < (blocks.store.indicators.find(file)?.expiresAt ?? 0));
});

test("an operator's block and allow end by themselves, and everything they covered is judged anew", (t) => {
  const blocks = new Blocks(t);
  blocks.answer(`www.${BAD}`, 7);
  blocks.answer('plain.top', 0);
  blocks.say('allow', `*.${BAD}`, DAY_MS);
  blocks.say('block', 'plain.top', DAY_MS);
  assert.deepEqual(blocks.published(), ['plain.top']);
  blocks.pass(DAY_MS - 1);
  assert.deepEqual(blocks.published(), ['plain.top']);
  blocks.pass(1);
  assert.deepEqual(blocks.published(), [`www.${BAD}`]);
  assert.equal(blocks.verdict('plain.top')?.state, 'clean');
  assert.deepEqual(blocks.store.overrides.ended(blocks.now), []);
  assert.equal(blocks.changes, 1);
});

function blocksReport(askedAt: number) {
  return {
    source: 'virustotal',
    outcome: 'found',
    askedAt,
    stats: { malicious: 12, suspicious: 0, harmless: 0, undetected: 60, timeout: 0 },
    flagged: Array.from({ length: 12 }, (_, i) => ({
      engine: `Engine ${i}`,
      category: 'malicious' as const,
      result: 'trojan',
    })),
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: '',
  } as const;
}
