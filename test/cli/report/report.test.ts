import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { documentOf } from '../../../src/api/document.ts';
import type { ReportDocument } from '../../../src/api/report-facts.ts';
import type { StatusFacts } from '../../../src/api/status-facts.ts';
import { EXAMPLE_HOSTS } from '../../../src/cli/demo/demo-world.ts';
import { ledeOf } from '../../../src/cli/report/lede.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy.ts';
import { reportOf } from '../../../src/sidecar/report-of.ts';
import { ask, NOW, startControl, statusFacts } from '../../api/control-fixture.ts';
import { HouseholdWeek } from '../../support/household-week.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { cli } from '../cli-fixture.ts';
import { emptyStore, WEEK_MS } from './report-fixture.ts';

/** A control server over the week of an invented household. */
async function household(t: Parameters<typeof startControl>[0]) {
  const control = await startControl(t);
  const week = new HouseholdWeek(control.store, NOW);
  week.fill();
  return { ...control, week };
}

test('report tells a terminal what is bad, who used it, where it is blocked, and what cannot be seen', async (t) => {
  const { socket } = await household(t);
  const { status, stdout } = await cli(['report', '-s', socket]);
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^2 malicious names were used by 1 device\.\nAll of them are blocked, and the block is proved\.\nThe last 7 days on gateway/,
  );
  assert.match(stdout, /^detection ratio\t0\.7\u00a0%: 2 of 289 by 5 engines or more, 6 by fewer$/m);
  assert.match(stdout, /^attack vectors\tdomain 260 \(2 malicious\), /m);
  assert.match(stdout, /^threat classes\tphishing 8, malware 4, malicious 3$/m);
  assert.match(
    stdout,
    /^hng-demo-malware\.top\t2026-03-13 09:01 UTC\t12\/92\tmalicious, blocked\thttps:\/\/www\.virustotal\.com\/gui\/domain\/hng-demo-malware\.top$/m,
  );
  assert.match(stdout, /^192\.168\.50\.77\thng-demo-malware\.top\tmalicious\t28\t/m);
  assert.match(stdout, /^hng-demo-malware\.top\t12\/92\tlists proved, pihole proved, suricata proved\t/m);
  assert.match(stdout, /^What it cannot see or do$/m);
  for (const { name } of EXAMPLE_HOSTS) assert.doesNotMatch(stdout, new RegExp(`^${name}\t.*blocked`, 'm'));
});

test('report fits on a terminal', async (t) => {
  const { socket } = await household(t);
  const { stdout } = await cli(['report', '-s', socket], { columns: 80, env: { NO_COLOR: '1' } });
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('report --json is exactly the document of the API', async (t) => {
  const { socket } = await household(t);
  const { stdout } = await cli(['report', '-s', socket, '--json', '--since', '24h']);
  const since = new Date(NOW - 86_400_000).toISOString();
  assert.deepEqual(JSON.parse(stdout), (await ask(socket, `/v1/report?since=${since}`)).json);
});

test('report --html writes one private file, and - prints the same', async (t) => {
  const { socket } = await household(t);
  const path = join(tempDir(t), 'report.html');
  assert.deepEqual(await cli(['report', '-s', socket, '--html', path]), { status: 0, stdout: '', stderr: '' });
  const page = readFileSync(path, 'utf8');
  assert.match(page, /^<!doctype html>/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal((await cli(['report', '-s', socket, '--html', '-'])).stdout, page);
});

test('report refuses what is no period, an unwritable file, and two outputs at once', async (t) => {
  const { socket } = await startControl(t);
  const since = await cli(['report', '-s', socket, '--since', 'yesterday']);
  assert.deepEqual([since.status, since.stdout], [2, '']);
  assert.match(since.stderr, /Cannot read --since "yesterday": no duration/);
  assert.equal((await cli(['report', '-s', socket, '--since', '0s'])).status, 2);
  assert.match(
    (await cli(['report', '-s', socket, '--html', '/nonexistent/x.html'])).stderr,
    /Cannot write ".*": ENOENT/,
  );
  assert.equal((await cli(['report', '-s', socket, '--html', 'x', '--json'])).status, 2);
  for (const bad of ['tomorrow', new Date(NOW + 1).toISOString(), '1990-01-01'])
    assert.equal((await ask(socket, `/v1/report?since=${bad}`)).status, 400);
});

test('an empty database is told part by part, with the reason', async (t) => {
  const { socket } = await startControl(t);
  const { status, stdout } = await cli(['report', '-s', socket]);
  assert.equal(status, 0);
  assert.doesNotMatch(stdout, /undefined|NaN|null/);
  assert.match(stdout, /^pi-hole\tNo Pi-hole is configured: "pihole:" in guardian\.yaml names one\.$/m);
  assert.match(stdout, /^Blocked\nNothing is blocked, since nothing is held to be malicious\.$/m);
});

test('what lies before the period is not in it, also in tables and sums', async (t) => {
  const { socket, store, week } = await household(t);
  const hour = 3_600_000;
  const since = new Date(NOW - hour).toISOString();
  const { json } = await ask(socket, `/v1/report?since=${since}`);
  const report = json as ReportDocument;
  const from = Date.parse(report.since);
  assert.ok(from <= NOW - hour && from > NOW - hour - report.step_ms);
  assert.ok(report.scans.rows.every(({ scanned_at: at }) => Date.parse(at) >= from));
  assert.ok(report.contacts.every(({ last_seen_at: at }) => Date.parse(at) >= from));
  for (const steps of [
    report.series.scans,
    report.series.alerts,
    report.series.pihole,
    report.series.suricata,
    report.series.new_names,
  ])
    assert.ok(steps.every(({ at }) => Date.parse(at) >= from && Date.parse(at) <= week.now));
  assert.equal(report.scans.answered, report.scans.rows.length);
  assert.equal(
    Object.values(report.scans.ages).reduce((sum, count) => sum + count, 0),
    report.scans.answered,
  );
  const answers = report.series.scans.reduce(
    (sum, { at: _at, ...counts }) => sum + Object.values(counts).reduce((a, b) => a + b, 0),
    0,
  );
  assert.equal(answers, store.lookups.counts('virustotal', { since: from, now: NOW }).get('found') ?? 0);
});

test('a block that is not proved everywhere is not called proved, and one that is nowhere is not called in force', async (t) => {
  const { socket, store } = await household(t);
  const nothing = { failed: new Map(), unsupported: new Set<string>(), at: NOW, asOf: NOW };
  const detail = async () => (await cli(['report', '-s', socket])).stdout.split('\n')[1];
  store.publications.record({ target: 'nftables', proved: false, ...nothing });
  assert.equal(await detail(), 'All of them are blocked, and the proof is open at nftables.');
  const [key = ''] = store.indicators.desired(NOW).keys();
  for (const target of ['suricata', 'lists', 'pihole', 'nftables'])
    store.publications.record({ target, proved: true, ...nothing, unsupported: new Set([key]) });
  assert.equal(await detail(), 'All of them are blocked, but not in force anywhere yet.');
  for (const { observable } of store.indicators.desired(NOW).values()) store.indicators.unwant(observable);
  assert.equal(await detail(), 'None of them is blocked: see what is held or allowed.');
});

test('the first sentence counts everything that was used, also beyond the rows of the table', async (t) => {
  const { socket, store } = await startControl(t);
  const week = new HouseholdWeek(store, NOW);
  for (let i = 0; i < 130; i++) {
    const bad = week.answer(`bad-${i}.top`, 12, NOW - 3_600_000);
    for (const client of ['192.168.50.21', `192.168.51.${i}`]) week.use(bad, client, NOW - 3_600_000);
  }
  const { json } = await ask(socket, `/v1/report?since=${new Date(NOW - 86_400_000).toISOString()}`);
  const report = json as ReportDocument;
  assert.equal(report.contacts.length, 200);
  const [headline, detail] = (await cli(['report', '-s', socket])).stdout.split('\n');
  assert.equal(headline, '130 malicious names were used by 131 devices.');
  assert.match(detail ?? '', /^At least \d+ of them blocked\.$/);
});

test('where devices were heard and nobody has judged what they used, the report is not calm', (t) => {
  const store = emptyStore(t);
  new HouseholdWeek(store, NOW).use({ kind: 'domain', value: 'new.example.com' }, '192.168.50.21', NOW - 3_600_000);
  const ledeWith = (more: Partial<StatusFacts>) => {
    const status = { ...statusFacts(store), ...more };
    return ledeOf(documentOf(reportOf({ store, status, policy: DEFAULT_POLICY, since: NOW - WEEK_MS, now: NOW })));
  };
  const sources = [{ source: 'virustotal', state: 'no_key', reason: 'it has no key' }] as const;
  assert.deepEqual(ledeWith({ feeds: [], sources }), {
    mood: 'unknown',
    headline: 'Devices were heard, and nothing they used has been judged.',
    detail:
      'VirusTotal is not asked: it has no key. Set virustotal.api_key_file. So this page says neither good nor bad.',
  });
  assert.deepEqual(ledeWith({ sources }), {
    mood: 'calm',
    headline: 'No device used anything known to be malicious.',
    detail: 'VirusTotal answered nothing in this time, so that rests on lists and on older answers.',
  });
});
