// npm run bench -- report: how long the report takes on the store of a busy home after 90 days. The daemon answers nothing else meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { documentOf } from '../../src/api/document.ts';
import { reportPage } from '../../src/cli/report/page.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import { reportOf } from '../../src/sidecar/report-of.ts';
import { Store } from '../../src/store/store.ts';
import { HouseholdWeek } from '../support/household-week.ts';
import { machine, median, printTable } from './support/table.ts';

const NOW = Date.parse('2026-03-14T21:30:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 90;
const NAMES = 200_000;
/** Of the names: what a free key answers in that time, and a little more. */
const ANSWERED_EVERY = 4;
const FLAGGED_EVERY = 40;
const HOURS_A_NAME = 5;
const ALERTS = 200_000;
const PERIODS = [1, 7, 30, 90];
const RUNS = 5;

/** About as long as what VirusTotal says of a flagged name. */
const DETAIL = JSON.stringify({
  flagged: [{ engine: 'Engine 1', category: 'malicious', result: 'phishing' }],
  votes: { harmless: 0, malicious: 0 },
  categories: Array.from({ length: 8 }, (_, n) => `category ${n}`),
  remarks: ['x'.repeat(300)],
});

function open(path: string): Store {
  return new Store({ path, sidRange: { first: 1_900_000, last: 1_999_999 } });
}

/** Rows are written past the store's classes, which would take minutes for a million. */
function fill(path: string): void {
  const store = open(path);
  new HouseholdWeek(store, NOW).fill();
  store.close();
  const db = new Database(path);
  db.transaction(() => {
    fillNames(db);
    const alert = db.prepare(
      "INSERT INTO alerts (at, sid, signature, category, severity, action, client, peer) VALUES (?, ?, 'signature', '', 3, 'allowed', '192.168.50.21', '203.0.113.80')",
    );
    for (let n = 0; n < ALERTS; n++) alert.run(within(n / ALERTS), n % 50);
    const minute = db.prepare(
      'INSERT OR IGNORE INTO pihole_stats (minute, queries, blocked, cached, forwarded, blocking) VALUES (?, 100, 10, 60, 30, 1)',
    );
    for (let n = 0; n < DAYS * 1440; n++) minute.run(NOW - (NOW % 60_000) - n * 60_000);
  })();
  db.close();
}

function fillNames(db: Database.Database): void {
  const name = db.prepare('INSERT INTO observables (id, key, registrable, first_seen) VALUES (?, ?, ?, ?)');
  const answer = db.prepare(
    `INSERT INTO reports (observable_id, source, outcome, asked_at, last_analysis_at, malicious, suspicious, harmless, undetected, timeout, reputation, permalink, detail)
     VALUES (?, 'virustotal', 'found', ?, ?, ?, 0, 60, 31, 0, 0, 'https://www.virustotal.com/', ?)`,
  );
  const verdict = db.prepare(
    `INSERT INTO verdicts (observable_id, state, strong, block, held, ratio, policy_line, reasons, since, judged_at)
     VALUES (?, ?, 0, 0, 0, '1/92', '', '[]', ?, ?)`,
  );
  const use = db.prepare(
    `INSERT OR IGNORE INTO sightings_hourly (observable_id, hour, client_id, via, count, nxdomain, first_seen, last_seen) VALUES (?, ?, ?, 'dns', 1, 0, ?, ?)`,
  );
  for (let n = 0; n < NAMES; n++) {
    const id = 100_000 + n;
    const at = within(n / NAMES);
    name.run(id, `domain:n${n}.example-${n % 1000}.com`, `example-${n % 1000}.com`, at);
    for (let h = 0; h < HOURS_A_NAME; h++) {
      const hour = NOW - (NOW % HOUR_MS) - ((n * 7 + h * 13) % (DAYS * 24)) * HOUR_MS;
      use.run(id, hour, 1 + (n % 5), hour, hour);
    }
    if (n % ANSWERED_EVERY !== 0) continue;
    const isFlagged = n % FLAGGED_EVERY === 0;
    answer.run(id, at, at - DAY_MS, Number(isFlagged), isFlagged ? DETAIL : '{"flagged":[]}');
    verdict.run(id, isFlagged ? 'noise' : 'clean', at, at);
  }
}

function within(share: number): number {
  return Math.floor(NOW - share * DAYS * DAY_MS);
}

const dir = mkdtempSync(join(tmpdir(), 'hng-bench-report-'));
try {
  const path = join(dir, 'guardian.db');
  fill(path);
  const store = open(path);
  const status = new HouseholdWeek(store, NOW).status();
  console.log(
    `${machine()}; ${NAMES} names, ${NAMES * HOURS_A_NAME} hourly sightings, ${NAMES / ANSWERED_EVERY} answers, ${ALERTS} alerts, medians of ${RUNS}`,
  );
  const rows = PERIODS.map((days) => {
    const took = { read: [] as number[], page: [] as number[] };
    let bytes = 0;
    for (let run = 0; run < RUNS; run++) {
      const begun = performance.now();
      const panels = reportOf({ store, status, policy: DEFAULT_POLICY, since: NOW - days * DAY_MS, now: NOW });
      const read = performance.now();
      bytes = Buffer.byteLength(reportPage(documentOf(panels)));
      took.read.push(read - begun);
      took.page.push(performance.now() - read);
    }
    return [`${days} days`, median(took.read).toFixed(0), median(took.page).toFixed(0), (bytes / 1024).toFixed(0)];
  });
  printTable(['period', 'read ms', 'page ms', 'page KiB'], rows);
  store.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
