import type { Surroundings } from '../../src/core/guards.ts';
import { keyOf, type Observable } from '../../src/core/observable.ts';
import type { Report } from '../../src/core/report.ts';
import { SILENT } from '../../src/lib/log.ts';
import { type AskedSource, LookupDesk } from '../../src/triage/lookup-desk.ts';
import { QuotaLedger } from '../../src/triage/quota-ledger.ts';

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** The real desk before a source, with a queue and a ledger in memory. */
export interface DeskBefore {
  readonly desk: LookupDesk;
  readonly reports: readonly Report[];
  readonly disclosed: readonly string[];
  readonly queue: Map<string, Observable>;
}

/** Starts a desk that asks `source` about everything in `queue`, as far as it may leave this machine. */
export function deskBefore(
  t: TestContext,
  source: AskedSource,
  queue: readonly Observable[],
  own: Surroundings,
): DeskBefore {
  const waiting = new Map(queue.map((one) => [keyOf(one), one]));
  const reports: Report[] = [];
  const disclosed: string[] = [];
  const ledger = new QuotaLedger({
    source: source.name,
    book: { add() {}, spent: () => new Map(), allow() {}, allowances: () => [] },
    limits: { maxPerMinute: 1e6, maxPerDay: 1e9, reserve: { alert: 0, manual: 0, recheck: 0 } },
    now: Date.now,
  });
  const desk = new LookupDesk({
    source,
    ledger,
    book: {
      next: (lane) => {
        const [first] = lane === 'new' ? waiting.values() : [];
        return first === undefined ? undefined : { observable: first, lane, attempts: 0 };
      },
      lease: (observable) => void waiting.delete(keyOf(observable)),
      endLeases: () => undefined,
      remove: (observable) => void waiting.delete(keyOf(observable)),
      postpone: (observable) => void waiting.delete(keyOf(observable)),
      disclose: (_source, sent) => void disclosed.push(sent),
      keepAsked() {},
      keepReport: (report) => void reports.push(report),
      durably: (work) => work(),
    },
    rejudge: () => ({ verdict: undefined, before: 'unasked', indicatorChanged: false }),
    surroundings: () => own,
    onAnswer() {},
    log: SILENT,
    now: Date.now,
    random: () => 0,
  });
  desk.start();
  t.after(() => desk.stop());
  return { desk, reports, disclosed, queue: waiting };
}

/** Names and addresses that mean something only inside a home, and one of this home's own. */
export const INTERNAL: readonly Observable[] = [
  ...[
    'nas.local',
    'printer.lan',
    'router.home.arpa',
    'x.test',
    'y.example',
    'z.invalid',
    'a.localhost',
    'db.internal',
    'nas.fritz.box',
    'h.onion',
    '1.168.192.in-addr.arpa',
    'cam.myhouse.net',
    'nas.nosuchtld',
  ].map((value): Observable => ({ kind: 'domain', value })),
  ...[
    '192.168.1.4',
    '10.0.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    'fe80::1',
    'fd00::1',
    '::1',
    '224.0.0.251',
  ].map((value): Observable => ({ kind: 'ip', value })),
];

/** The own network of these tests. */
export const OWN: Surroundings = {
  names: new Set(['myhouse.net']),
  addresses: new Set(['192.168.1.1']),
  hosts: new Set(),
};
