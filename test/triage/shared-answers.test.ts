import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultConfig } from '../../src/config/load-config.ts';
import { UnavailableError } from '../../src/core/errors.ts';
import type { Observable } from '../../src/core/observable.ts';
import type { Report } from '../../src/core/report.ts';
import { SILENT } from '../../src/lib/log.ts';
import { lookupBook, sharedBook } from '../../src/sidecar/books.ts';
import { FeedWords } from '../../src/sidecar/feed-words.ts';
import { Judgement } from '../../src/sidecar/judgement.ts';
import { Store } from '../../src/store/store.ts';
import type { Fleet, FleetDraw, FleetTurn } from '../../src/triage/fleet.ts';
import { LookupDesk } from '../../src/triage/lookup-desk.ts';
import { QuotaLedger } from '../../src/triage/quota-ledger.ts';
import { SharedAnswers } from '../../src/triage/shared-answers.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { domain, reportOf } from './network.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 3, 15, 12);

/** What a test says the other sensors know and allow; and what they were asked. */
class Others implements Fleet {
  answer: Report | undefined;
  turn: (draw: FleetDraw & { serves?: (report: Report) => boolean }) => FleetTurn = () => ({ granted: true });
  readonly asked: string[] = [];
  readonly settled: Report[] = [];
  readonly givenBack: string[] = [];

  async known({ value }: Observable): Promise<Report | undefined> {
    this.asked.push(value);
    return this.answer;
  }

  async take({ value }: Observable, draw: FleetDraw & { serves?: (report: Report) => boolean }): Promise<FleetTurn> {
    this.asked.push(value);
    return this.turn(draw);
  }

  settle(report: Report): void {
    this.settled.push(report);
  }

  giveBack({ value }: Observable): void {
    this.givenBack.push(value);
  }
}

interface World {
  readonly store: Store;
  readonly others: Others;
  readonly answers: SharedAnswers;
  readonly desk: LookupDesk;
  readonly ledger: QuotaLedger;
  /** What VirusTotal was asked. */
  readonly sent: string[];
  readonly wait: (name: string) => void;
  readonly clock: { now: number };
}

function worldOf(t: { after(fn: () => Promise<void> | void): void }, answer?: () => Report): World {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
  t.after(() => store.close());
  const clock = { now: NOON };
  const now = () => clock.now;
  const judgement = new Judgement({ config: defaultConfig(), store, words: new FeedWords(store, []), now });
  const ledger = new QuotaLedger({
    source: 'virustotal',
    book: store.quota,
    limits: { maxPerMinute: 4, maxPerDay: 500, reserve: { alert: 0.1, manual: 0.1, recheck: 0.25 } },
    now,
  });
  const answers = new SharedAnswers({
    book: sharedBook(store),
    sources: new Set(['virustotal']),
    surroundings: () => judgement.surroundings,
    trustedUntil: (report) => judgement.trustedUntil(report),
    rejudge: (observable) => judgement.rejudge(observable),
    now,
  });
  const others = new Others();
  const sent: string[] = [];
  const desk = new LookupDesk({
    source: {
      name: 'virustotal',
      kinds: new Set(['domain']),
      lookUp: async ({ value }) => {
        sent.push(value);
        if (answer === undefined) throw new UnavailableError('no answer');
        return answer();
      },
    },
    ledger,
    book: lookupBook(store),
    rejudge: (observable) => judgement.rejudge(observable),
    surroundings: () => judgement.surroundings,
    shared: { fleet: others, answers },
    onAnswer: () => undefined,
    log: SILENT,
    now,
    random: () => 0.5,
  });
  t.after(() => desk.stop());
  const wait = (name: string) => {
    store.queue.put(store.observables.idOf(`domain:${name}`, clock.now).id, 'new', 12, { kind_domain: 12 }, clock.now);
    desk.start();
  };
  return { store, others, answers, desk, ledger, sent, wait, clock };
}

const of = (name: string, malicious: number, ageMs: number): Report => ({
  ...reportOf(name, malicious, NOON - ageMs),
  sensor: 'office',
});

test("another sensor's answer is taken instead of asking: judged here, blocked here, and no quota is spent", async (t) => {
  const { store, others, sent, wait, ledger } = worldOf(t);
  others.answer = of('bad-name.top', 12, 3_600_000);
  wait('bad-name.top');
  await until('it is judged', () => store.verdicts.find(domain('bad-name.top'))?.state === 'malicious');
  assert.ok(store.indicators.find(domain('bad-name.top')));
  assert.deepEqual(sent, []);
  assert.equal(ledger.use().find(({ window }) => window === 'day')?.used, 0);
  assert.equal(store.queue.size().length, 0);
  assert.equal(store.lookups.disclosedCount(), 0);
  assert.equal(store.outbox.recall('lookups_saved'), '1');
  assert.equal(store.reports.latest(domain('bad-name.top'))[0]?.sensor, 'office');
});

test('an answer whose time is over does not serve, and the question is asked', async (t) => {
  const { others, sent, wait } = worldOf(t, () => reportOf('some-name.top', 0, NOON));
  others.answer = of('some-name.top', 0, 400 * DAY_MS);
  wait('some-name.top');
  await until('it is asked', () => sent.length === 1);
  await until('the others may have the answer', () => others.settled.length === 1);
});

test('an internal name is not asked for at the centre either, and a report about one is not believed', async (t) => {
  const { store, others, desk, wait, answers } = worldOf(t);
  wait('nas.fritz.box');
  await until('the question is dropped', () => store.queue.size().length === 0);
  await assert.rejects(desk.askNow(domain('printer.lan')), /reserved for internal use/);
  assert.deepEqual(others.asked, []);
  answers.takeAll([of('nas.fritz.box', 60, 1), of('router.home', 60, 1)]);
  assert.equal(answers.counts.private, 2);
  assert.equal(store.verdicts.find(domain('nas.fritz.box')), undefined);
});

test('reports that flow in are taken over once, by known sources, and none from the future', (t) => {
  const { store, answers } = worldOf(t);
  const known = of('one-name.top', 12, 1_000);
  answers.takeAll([
    known,
    { ...known, source: 'somebody' },
    of('two-name.top', 12, -2 * DAY_MS),
    of('old-name.top', 0, 400 * DAY_MS),
  ]);
  answers.takeAll([known]);
  const { taken, known: again, source, future, old } = answers.counts;
  assert.deepEqual({ taken, again, source, future, old }, { taken: 1, again: 1, source: 1, future: 1, old: 1 });
  assert.equal(store.reports.history(domain('one-name.top')).length, 1);
});

test('while another sensor asks, the question waits unspent, and what it then finds is taken', async (t) => {
  const { store, others, sent, wait, desk, ledger, clock } = worldOf(t);
  others.turn = () => ({ granted: false, why: 'asked' });
  wait('some-name.top');
  await until('it was refused', () => others.asked.length === 2);
  await until('it is hidden for a moment', () => store.queue.next('new', clock.now) === undefined);
  others.turn = () => ({ granted: false, why: 'known', report: of('some-name.top', 12, 1) });
  clock.now += 10_000;
  desk.wake();
  await until('it is judged', () => store.verdicts.find(domain('some-name.top'))?.state === 'malicious');
  assert.deepEqual(sent, []);
  assert.equal(ledger.use().find(({ window }) => window === 'minute')?.used, 0);
});

test('a report that flows in while the question is on its way serves it all the same', async (t) => {
  const { store, others, answers, sent, wait } = worldOf(t);
  const report = of('some-name.top', 12, 1);
  others.turn = ({ serves }) => {
    answers.takeAll([report]);
    return serves?.(report) === true ? { granted: false, why: 'known', report } : { granted: true };
  };
  wait('some-name.top');
  await until('it is judged and asked no more', () => store.queue.size().length === 0);
  await until('the desk is at rest', () => others.asked.length === 2);
  assert.equal(store.outbox.recall('lookups_saved'), '1');
  assert.deepEqual(sent, []);
  assert.equal(store.reports.history(domain('some-name.top')).length, 1);
});

test('what the whole fleet may not spend holds the lane, and not the lanes of alerts and people', async (t) => {
  const { others, wait, ledger, desk, sent } = worldOf(t, () => reportOf('asked-name.top', 0, NOON));
  others.turn = ({ lane }) =>
    lane === 'manual' ? { granted: true } : { granted: false, why: 'fair', retryAt: NOON + 60_000 };
  wait('some-name.top');
  await until('the lane is held', () => !ledger.permit('new').granted);
  assert.equal(ledger.permit('alert').granted, true);
  await desk.askNow(domain('asked-name.top'));
  assert.deepEqual(sent, ['asked-name.top']);
  others.turn = () => ({ granted: false, why: 'spent', retryAt: NOON + DAY_MS });
  await assert.rejects(desk.askNow(domain('other-name.top')), /the allowance of all sensors is used/);
});

test('a question that brought no answer is given back to the fleet', async (t) => {
  const { others, wait, sent } = worldOf(t);
  wait('some-name.top');
  await until('it was asked', () => sent.length === 1);
  await until('it is given back', () => others.givenBack.length === 1);
});

test('what the other sensors spent counts as if it were ours, lane by lane', (t) => {
  const { store } = worldOf(t);
  let byLane = new Map([['new', 100]]);
  const ledger = new QuotaLedger({
    source: 'virustotal',
    book: store.quota,
    limits: { maxPerMinute: 4, maxPerDay: 200, reserve: { alert: 0.1, manual: 0.1, recheck: 0.2 } },
    now: () => NOON,
    others: () => ({ dayStartsAt: NOON - DAY_MS / 2, byLane, inMonth: 100 }),
  });
  assert.equal(ledger.permit('new').granted, false, 'at noon half of it has flowed');
  assert.equal(ledger.permit('alert').granted, true);
  ledger.learn([{ window: 'day', allowed: 200, used: 110 }]);
  assert.equal(ledger.use().find(({ window }) => window === 'day')?.used, 110, 'ten are of somebody else');
  assert.deepEqual(ledger.draw('new', false).limits, { minute: 4, day: 200 - 10 - 20 - 20 - 40 });
  byLane = new Map();
  assert.equal(ledger.permit('new').granted, true);
});
