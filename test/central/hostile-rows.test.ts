import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReportFlow } from '../../src/central/report-flow.ts';
import { reportOfScan, SCAN_FIELDS, scanValues } from '../../src/central/scan-row.ts';
import { requires } from '../support/requirement.ts';
import { report } from './central-fixture.ts';
import { DAY, leasesOf, memoryOf, startFleetServer } from './fleet-fixture.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

/** The row of an ordinary report, as the driver gives it. */
function rowOf(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const values = scanValues(report('bad.example.com', NOW, 1));
  const row: Record<string, unknown> = { sensor: 'office' };
  for (const [at, field] of SCAN_FIELDS.entries()) row[field] = values[at];
  const text = (ms: unknown) => new Date(Number(ms)).toISOString().slice(0, -1).replace('T', ' ');
  return { ...row, scan_date: text(row.scan_date), last_analysis_date: text(row.last_analysis_date), ...changes };
}

test('a row that a sensor wrote is the report that it had', () => {
  const read = reportOfScan(rowOf());
  assert.equal(read?.observable.value, 'bad.example.com');
  assert.equal(read?.sensor, 'office');
  assert.equal(read?.askedAt, NOW);
});

const engine = (changes: object) => JSON.stringify([{ engine: 'X', category: 'malicious', result: 'y', ...changes }]);

const HOSTILE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'a name that is not canonical': { value: 'BAD.example.com' },
  'a name with a quote': { value: "a'.example.com" },
  'a kind that there is not': { kind: 'person' },
  'an address that is called a domain': { value: '192.0.2.1' },
  'an outcome that there is not': { outcome: 'clean' },
  'a negative count': { positives: -1 },
  'a count that is no number': { positives: 'many' },
  'more engines than there are': { positives: 100_000 },
  'counts beyond their sum': { total_scans: 1 },
  'flags that name no engine': { engines: '[]' },
  'engines that are not counted': { positives: 0, suspicious: 0, total_scans: 90 },
  'an engine of another category': { engines: engine({ category: 'harmless' }) },
  'an engine without a name': { engines: engine({ engine: '' }) },
  'engines that are no JSON': { engines: '{' },
  'engines that are no list': { engines: '{"length": 3}' },
  'a megabyte of engines': { engines: `[${engine({}).slice(1, -1)}${' '.repeat(1_000_000)}]` },
  'detail that is nothing': { detail: 'null' },
  'votes that are no numbers': { detail: '{"votes":{"harmless":"x","malicious":1},"remarks":[]}' },
  'remarks that are no texts': { detail: '{"votes":{"harmless":0,"malicious":1},"remarks":[{}]}' },
  'a time that no calendar holds': { scan_date: '9999-99-99 00:00:00' },
  'a source with markup': { source: '<script>' },
  'a sensor with an escape': { sensor: '\u001b[2J' },
  'columns that are not there': { detail: undefined },
};

for (const [what, changes] of Object.entries(HOSTILE)) {
  test(`a row with ${what} is no report`, () => assert.equal(reportOfScan(rowOf(changes)), undefined));
}

test('texts of a row become printable, and a link becomes the page of the source', () => {
  const read = reportOfScan(
    rowOf({
      engines: engine({ engine: '\u001b[2JEvil', result: 'a\nb\u202e' }),
      categories: JSON.stringify(['x\u0000y']),
      permalink: 'https://phishing.example/login',
    }),
  );
  assert.deepEqual(read?.flagged, [{ engine: '?[2JEvil', category: 'malicious', result: 'a b?' }]);
  assert.deepEqual(read?.categories, ['x?y']);
  assert.equal(read?.permalink, 'https://www.virustotal.com/gui/domain/bad.example.com');
});

test('hostile rows in the centre are refused and counted, and what stands between them arrives', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const pool = server.pool();
  const leases = leasesOf({ pool, sensor: 'office' });
  for (const name of ['a.example.com', 'b.example.com', 'c.example.com'])
    await leases.settle(report(name, Date.now(), 1));
  await server.sql(
    "UPDATE virus_total.scans SET engines = 'nonsense' WHERE value = 'a.example.com'",
    "UPDATE virus_total.scans SET value = 'B.EXAMPLE.com' WHERE value = 'b.example.com'",
  );
  const got: string[] = [];
  const flow = new ReportFlow({
    pool,
    memory: memoryOf(),
    maxAgeMs: 90 * DAY,
    now: Date.now,
    onReports: (reports) => {
      got.push(...reports.map(({ observable }) => observable.value));
      return 0;
    },
  });
  await flow.read(new AbortController().signal);
  assert.deepEqual(got, ['c.example.com']);
  assert.deepEqual(flow.counts, { read: 3, refused: 2 });
});
