import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { accusers, ask, HOUR, keepReport, keepSighting, NOW, observable, startControl } from './control-fixture.ts';

test('a verdict of something never seen is unasked and not seen', async (t) => {
  const { socket } = await startControl(t);
  const { status, json } = await ask(socket, '/v1/verdicts/never.example.com');
  assert.equal(status, 200);
  assert.deepEqual(json, {
    observable: 'never.example.com',
    kind: 'domain',
    seen: false,
    state: 'unasked',
    strong: false,
    block: false,
    held: false,
    reasons: [{ code: 'unasked', text: 'No source has been asked about it yet.' }],
    policy_line: 'unasked: no report',
    permalink: 'https://www.virustotal.com/gui/domain/never.example.com',
  });
});

test('an unasked verdict carries the error of the last attempt', async (t) => {
  const { socket, store } = await startControl(t);
  const seen = observable('slow.evil.com');
  keepSighting(store, 'slow.evil.com', '192.168.1.9', 1);
  const asked = { at: NOW - HOUR, source: 'virustotal', observable: seen, lane: 'new', tookMs: 15_000 };
  store.lookups.keep({ ...asked, outcome: 'unavailable', error: 'no answer within 15000 ms' });
  const { json } = await ask(socket, '/v1/verdicts/slow.evil.com');
  assert.equal(json.state, 'unasked');
  assert.equal(json.seen, true);
  assert.equal(json.last_error, 'no answer within 15000 ms');
  assert.equal(json.last_error_at, '2026-03-14T11:00:00.000Z');
});

test('a verdict is found by any spelling of its observable', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'https://evil.com/a?b=c', accusers(12));
  const path = `/v1/verdicts/${encodeURIComponent('HTTPS://EVIL.com:443/a?b=c#top')}`;
  const { json } = await ask(socket, path);
  assert.equal(json.observable, 'https://evil.com/a?b=c');
  assert.equal(json.kind, 'url');
  assert.equal(json.state, 'malicious');
  assert.equal(json.ratio, '12/92');
});

test('a URL of full length fits into a path', async (t) => {
  const { socket } = await startControl(t);
  const url = `https://evil.com/${'%22'.repeat(670)}`;
  assert.equal((await ask(socket, `/v1/verdicts/${encodeURIComponent(url)}`)).status, 200);
});

test('hostile names in a path are refused with a reason and never a crash', async (t) => {
  const { socket } = await startControl(t);
  const names = [
    "a'; DROP TABLE verdicts;--.com",
    'a\nb.com',
    '\u001b[31mred.com',
    'a\u0000.com',
    '..',
    'localhost',
    '__proto__',
    'a"b.com',
    '<x>.com',
    'x'.repeat(3000),
  ];
  for (const name of names) {
    const { status, json } = await ask(socket, `/v1/verdicts/${encodeURIComponent(name)}`);
    assert.equal(status, 400, JSON.stringify(name));
    assert.equal(json.error.code, 'bad_observable');
    assert.match(json.error.message, /^Cannot read ".*want a domain/);
    assert.ok(json.error.hint.length > 0);
  }
  for (const path of ['/v1/verdicts/%zz', '/v1/verdicts/%', '/v1/verdicts/%ff%fe']) {
    const { status, json } = await ask(socket, path);
    assert.equal(status, 400, path);
    assert.ok(json.error.message.length > 0);
  }
  assert.equal((await ask(socket, '/healthz')).status, 200);
});

test('verdicts are listed by pages until there is no cursor', async (t) => {
  const { socket, store } = await startControl(t);
  for (let at = 0; at < 25; at++) keepReport(store, `host${at}.evil.com`, accusers(at % 2 === 0 ? 12 : 1));
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await ask(
      socket,
      `/v1/verdicts?state=malicious&limit=5${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    assert.ok(json.verdicts.length <= 5);
    names.push(...json.verdicts.map((verdict: { observable: string }) => verdict.observable));
    cursor = json.next_cursor;
  } while (cursor !== undefined);
  assert.equal(new Set(names).size, 13);
  assert.equal(names.length, 13);
});

test('verdicts are filtered by kind and by time', async (t) => {
  const { socket, store } = await startControl(t);
  keepReport(store, 'a.evil.com', accusers(12));
  keepReport(store, '203.0.113.7', accusers(12));
  const { json } = await ask(socket, '/v1/verdicts?kind=ip');
  assert.deepEqual(
    json.verdicts.map((one: { observable: string }) => one.observable),
    ['203.0.113.7'],
  );
  assert.equal((await ask(socket, '/v1/verdicts?since=2026-03-14T11:30:00Z')).json.verdicts.length, 0);
  assert.equal((await ask(socket, '/v1/verdicts?since=2026-03-14')).json.verdicts.length, 2);
});

for (const [query, why] of [
  ['state=bad', 'an unknown state'],
  ['limit=0', 'a limit of nothing'],
  ['limit=1001', 'a limit above the ceiling'],
  ['limit=x', 'a limit that is no number'],
  ['limit=1&limit=2', 'a parameter given twice'],
  ['cursor=-1', 'a cursor nobody gave out'],
  ['since=yesterday', 'a time that is none'],
  ['statr=malicious', 'a parameter that does not exist'],
]) {
  test(`listing verdicts refuses ${why}`, async (t) => {
    const { socket } = await startControl(t);
    const { status, json } = await ask(socket, `/v1/verdicts?${query}`);
    assert.equal(status, 400);
    assert.equal(json.error.code, 'bad_request');
    assert.match(json.error.message, /^Cannot read /);
  });
}

test('whatever stands in a path, the answer is a verdict or a refusal with a reason', async (t) => {
  const { socket } = await startControl(t);
  const name = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.webUrl(),
    fc.domain(),
    fc.ipV6(),
    fc.string({ unit: 'binary-ascii' }),
  );
  const property = fc.asyncProperty(name, async (text) => {
    const { status, json } = await ask(socket, `/v1/verdicts/${encodeURIComponent(text)}`);
    if (status === 200) assert.equal(json.state, 'unasked');
    else assert.deepEqual([status, json.error.code], [400, 'bad_observable']);
  });
  await fc.assert(property, { numRuns: 150 });
});
