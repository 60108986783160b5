import assert from 'node:assert/strict';
import test from 'node:test';
import { hourOf } from '../../src/core/sighting.ts';
import {
  accusers,
  ask,
  type ControlFixture,
  DAY,
  HOUR,
  keepReport,
  keepSighting,
  keepVerdict,
  NOW,
  observable,
  publishProved,
  startControl,
} from './control-fixture.ts';

async function explain({ socket }: ControlFixture, text: string) {
  const { status, json } = await ask(socket, `/v1/explain/${encodeURIComponent(text)}`);
  assert.equal(status, 200);
  return json;
}

test('explain ends the worry about a host that one engine of 92 flags', async (t) => {
  const fixture = await startControl(t);
  keepReport(fixture.store, 'storage.googleapis.com', [
    { engine: 'Phishing Database', category: 'malicious', result: 'phishing' },
  ]);
  keepSighting(fixture.store, 'storage.googleapis.com', '192.168.1.20', 7);
  const { summary, verdict, shared_hosting } = await explain(fixture, 'storage.googleapis.com');
  assert.equal(verdict.state, 'noise');
  assert.ok(shared_hosting.length > 0);
  assert.match(summary, /^1 of 92 engines flags it \(Phishing Database: phishing\)\. One engine is noise: /);
  assert.match(summary, /shared by many/);
  assert.match(summary, /It is not blocked\. One device used it \(192\.168\.1\.20\); nothing needs to be done\.$/);
});

test('explain tells where a malicious name is blocked, by what proof and until when', async (t) => {
  const fixture = await startControl(t, { sidOf: (key) => (key === 'domain:evil.com' ? 1_900_007 : undefined) });
  const { store } = fixture;
  publishProved(store, keepReport(store, 'evil.com', accusers(12)));
  keepSighting(store, 'evil.com', '192.168.1.20', 7);
  keepSighting(store, 'evil.com', '192.168.1.21', 1, NOW - 30 * HOUR);
  const story = await explain(fixture, 'evil.com');
  assert.equal(story.sid, 1_900_007);
  assert.equal(story.indicator.expires_at, '2026-03-21T12:00:00.000Z');
  assert.deepEqual(story.publications, [
    {
      target: 'suricata',
      state: 'proved',
      published_at: '2026-03-14T11:00:00.000Z',
      proved_at: '2026-03-14T11:00:00.000Z',
    },
  ]);
  assert.match(
    story.summary,
    /^12 of 92 engines flag it \(Engine 1: malware, Engine 2: malware, Engine 3: malware and 9 more\)\. It is held to be malicious\./,
  );
  assert.match(story.summary, /It is blocked at suricata until 2026-03-21 unless that is renewed\./);
  assert.match(story.summary, /2 devices used it \(192\.168\.1\.20, 192\.168\.1\.21\): look at them\.$/);
});

test('explain carries every report, who saw it, what waits, alerts, changes and disclosures', async (t) => {
  const fixture = await startControl(t);
  const { store } = fixture;
  keepReport(store, 'evil.com', accusers(2));
  const seen = observable('evil.com');
  store.queue.put(store.observables.idOf('domain:evil.com', NOW).id, 'recheck', 4.5, { engines: 4.5 }, NOW);
  store.lookups.disclose('virustotal', 'evil.com', NOW - HOUR);
  store.lookups.keep({
    at: NOW - HOUR,
    source: 'virustotal',
    observable: seen,
    lane: 'new',
    outcome: 'found',
    tookMs: 320,
    error: undefined,
  });
  const alert = {
    at: NOW - HOUR,
    sid: 1_900_001,
    signature: 'ET TEST',
    category: 'x',
    severity: 1,
    action: 'allowed',
    client: '192.168.1.20',
    peer: '1.1.1.1',
  } as const;
  store.alerts.keep({ ...alert, observable: seen });
  keepSighting(store, 'evil.com', '192.168.1.20', 7, hourOf(NOW - 3 * HOUR));
  const story = await explain(fixture, 'evil.com');
  assert.equal(story.reports.length, 1);
  assert.equal(story.reports[0].ratio, '2/92');
  assert.equal(story.reports[0].asked_at, '2026-03-14T11:00:00.000Z');
  assert.equal(story.reports[0].last_analysis_at, '2026-03-13T12:00:00.000Z');
  assert.equal(story.reports[0].flagged[0].engine, 'Engine 1');
  assert.deepEqual(story.waiting.parts, { engines: 4.5 });
  assert.equal(story.waiting.lane, 'recheck');
  assert.equal(story.last_question.took_ms, 320);
  assert.equal(story.alerts[0].signature, 'ET TEST');
  assert.equal(story.history[0].to, 'suspicious');
  assert.equal(story.disclosures[0].sent, 'evil.com');
  assert.deepEqual(story.clients[0].vias, ['dns']);
  assert.equal(story.verdict.policy_line, 'suspicious: 2 independent engines >= policy.suspicious_at 2');
  assert.match(
    story.summary,
    /watched and shown\. VirusTotal analysed it on 2026-03-13 and was asked on 2026-03-14\. It is not blocked\./,
  );
});

test('explain finds the disclosure of a URL by what was sent: without its query', async (t) => {
  const fixture = await startControl(t);
  fixture.store.lookups.disclose('virustotal', 'https://evil.com/a', NOW - HOUR);
  const story = await explain(fixture, 'https://evil.com/a?token=secret');
  assert.equal(story.disclosures[0].sent, 'https://evil.com/a');
});

test('explain says of an internal name that nobody will ever be asked', async (t) => {
  const fixture = await startControl(t);
  const { summary, never_ask } = await explain(fixture, 'nas.lan');
  assert.match(never_ask, /reserved for internal use/);
  assert.match(summary, /^No source was asked and none will be: /);
  assert.match(summary, /No device here is known to have used it\.$/);
});

test('explain says of something unknown how to ask, and why the last attempt brought nothing', async (t) => {
  const fixture = await startControl(t);
  assert.match(
    (await explain(fixture, 'new.com')).summary,
    /"guardian lookup new\.com" asks now\. It is not blocked\./,
  );
  const asked = { at: NOW, source: 'virustotal', observable: observable('new.com'), lane: 'new', tookMs: 1 };
  fixture.store.lookups.keep({ ...asked, outcome: 'unavailable', error: 'VirusTotal answered 503' });
  assert.match((await explain(fixture, 'new.com')).summary, /brought no answer: VirusTotal answered 503\./);
});

test('explain never calls not_found or no_opinion clean', async (t) => {
  const fixture = await startControl(t);
  const { store } = fixture;
  keepReport(store, 'silent.com', [], 92);
  const [report] = store.reports.latest(observable('silent.com'));
  assert.ok(report);
  const stats = { ...report.stats, harmless: 0, undetected: 92 };
  store.reports.keep({ ...report, observable: observable('mute.com'), stats });
  store.reports.keep({ ...report, observable: observable('missing.com'), outcome: 'not_found', stats });
  keepVerdict(store, observable('mute.com'));
  keepVerdict(store, observable('missing.com'));
  assert.match((await explain(fixture, 'silent.com')).summary, /^None of the 60 engines with an opinion flags it\./);
  for (const name of ['mute.com', 'missing.com']) {
    const { summary } = await explain(fixture, name);
    assert.match(summary, /neither accuses nor acquits/);
    assert.doesNotMatch(summary, /clean/);
  }
});

test('explain says that a held block waits for a person, and how to decide', async (t) => {
  const fixture = await startControl(t);
  keepReport(fixture.store, 'popular.com', accusers(6));
  keepVerdict(fixture.store, observable('popular.com'), true);
  const { summary, verdict } = await explain(fixture, 'popular.com');
  assert.equal(verdict.held, true);
  assert.match(
    summary,
    /not blocked: the block is held for you; say "guardian block popular\.com" or "guardian allow popular\.com"/,
  );
});

test('explain names the word of an operator that covers it, and what no target could take', async (t) => {
  const fixture = await startControl(t);
  const { store } = fixture;
  const parsed = await ask(fixture.socket, '/v1/overrides', {
    method: 'POST',
    body: '{"action":"allow","pattern":"*.evil.com"}',
  });
  assert.equal(parsed.status, 201);
  keepReport(store, 'www.evil.com', accusers(12));
  const allowed = await explain(fixture, 'www.evil.com');
  assert.equal(allowed.overrides[0].pattern, '*.evil.com');
  assert.match(allowed.summary, /It is not blocked: an operator allows \*\.evil\.com\./);
  const verdict = keepReport(store, 'bad.com', accusers(12));
  publishProved(store, verdict);
  const failed = new Map([['domain:bad.com', 'suricata -T refused the rule']]);
  store.publications.record({
    target: 'suricata',
    proved: false,
    failed,
    unsupported: new Set(),
    at: NOW - DAY,
    asOf: NOW - DAY,
  });
  assert.match(
    (await explain(fixture, 'bad.com')).summary,
    /no target has it in place yet \(suricata: suricata -T refused the rule\)/,
  );
});
