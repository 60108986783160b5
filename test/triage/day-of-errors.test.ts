import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { errorFault, type StandInAnswer } from '../../src/cli/demo/virustotal-stand-in-answer.ts';
import { defaultConfig } from '../../src/config/load-config.ts';
import { keyOf, type Observable } from '../../src/core/observable.ts';
import { SILENT } from '../../src/lib/log.ts';
import { lookupBook } from '../../src/sidecar/books.ts';
import { FeedWords } from '../../src/sidecar/feed-words.ts';
import { Judgement } from '../../src/sidecar/judgement.ts';
import { VirusTotalSource } from '../../src/sources/virustotal/virustotal-source.ts';
import { Store } from '../../src/store/store.ts';
import { LookupDesk } from '../../src/triage/lookup-desk.ts';
import { QuotaLedger } from '../../src/triage/quota-ledger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { domain } from './network.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 3, 15);
const NAMES = Array.from({ length: 40 }, (_, i) => domain(`waiting-name-${i}.top`));
const KEY = 'key-of-a-test';

/** Everything a real service was seen to fail with, and some that it was not. */
const FAULTS: readonly StandInAnswer[] = [
  errorFault(503, 'TransientError'),
  errorFault(504, 'DeadlineExceededError'),
  errorFault(500, 'ServerError'),
  { fault: 'answer', status: 200, body: { error: { code: 'X', message: 'x' } } },
  { fault: 'answer', status: 200, body: { data: { type: 'domain', id: 'another.com', attributes: 'none' } } },
  { fault: 'answer', status: 502, body: '<html>Bad gateway' },
  { fault: 'reset' },
];

interface Desk {
  readonly store: Store;
  readonly ledger: QuotaLedger;
  readonly standIn: VirusTotalStandIn;
  /** Lets so much time pass, a minute at a time, and does whatever the desk has to do in each. */
  readonly pass: (ms: number) => Promise<void>;
  readonly clock: { now: number };
}

/** The real desk, store, ledger, judge and client before a stand-in, at a clock that a test sets. */
async function startDesk(
  t: { after(fn: () => Promise<void> | void): void },
  reports: (observable: Observable) => StandInAnswer,
): Promise<Desk> {
  const standIn = new VirusTotalStandIn({
    keys: [KEY],
    reports,
    allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
  });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
  t.after(() => store.close());
  const clock = { now: MIDNIGHT };
  const now = () => clock.now;
  const judgement = new Judgement({ config: defaultConfig(), store, words: new FeedWords(store, []), now });
  const ledger = new QuotaLedger({
    source: 'virustotal',
    book: store.quota,
    limits: { maxPerMinute: 4, maxPerDay: 500, reserve: { alert: 0.1, manual: 0.1, recheck: 0.25 } },
    now,
  });
  const source = new VirusTotalSource({ apiKey: KEY, baseUrl, clock: now, log: SILENT, random: () => 0.5 });
  const desk = new LookupDesk({
    source,
    ledger,
    book: lookupBook(store),
    rejudge: (observable) => judgement.rejudge(observable),
    surroundings: () => judgement.surroundings,
    onAnswer: () => undefined,
    log: SILENT,
    now,
    random: () => 0.5,
  });
  t.after(() => desk.stop());
  const pass = async (ms: number) => {
    for (const end = clock.now + ms; clock.now < end; clock.now += MINUTE_MS) {
      desk.wake();
      await pause(0);
      await until('the desk has done what there was to do', () => desk.state().kind !== 'asking');
    }
  };
  for (const name of NAMES)
    store.queue.put(store.observables.idOf(keyOf(name), MIDNIGHT).id, 'new', 12, { kind_domain: 12 }, MIDNIGHT);
  desk.start();
  return { store, ledger, standIn, pass, clock };
}

test('a source that answers only with errors for a day costs no count, acquits nobody, loses nothing and is spared', {
  timeout: 120_000,
}, async (t) => {
  let asked = 0;
  let isMended = false;
  const desk = await startDesk(t, () => (isMended ? { malicious: 0 } : FAULTS[asked++ % FAULTS.length]));
  await desk.pass(12 * 3_600_000);
  const byNoon = asked;
  await desk.pass(12 * 3_600_000 - MINUTE_MS);
  assert.equal(new Date(desk.clock.now).toISOString(), '2026-04-15T23:59:00.000Z');
  assert.equal(
    [...desk.store.quota.spent('virustotal', 'day', MIDNIGHT).values()].reduce((sum, one) => sum + one, 0),
    0,
  );
  assert.equal(desk.ledger.use().find(({ window }) => window === 'day')?.used, 0);
  assert.equal(desk.store.queue.size().length, NAMES.length);
  for (const name of NAMES) {
    assert.equal(desk.store.verdicts.find(name), undefined);
    assert.deepEqual(desk.store.reports.latest(name), []);
  }
  assert.ok(byNoon > 20 && asked > byNoon + 10, `it was tried all day: ${byNoon} times by noon, ${asked} by midnight`);
  assert.ok(asked < 200, `it was spared: ${asked} questions in a day of 1440 minutes`);
  const sent = desk.store.lookups.disclosures(1000, 0).reduce((sum, { times }) => sum + times, 0);
  assert.equal(sent, asked, 'only what was sent is written down as sent');
  isMended = true;
  await desk.pass(DAY_MS);
  assert.equal(desk.store.queue.size().length, 0);
  for (const name of NAMES) assert.equal(desk.store.verdicts.find(name)?.state, 'clean');
  assert.deepEqual(desk.standIn.violations, []);
});
