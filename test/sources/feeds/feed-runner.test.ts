import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { keyOf, type Observable } from '../../../src/core/observable.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { feed, feedBench, NOW, startFeedHost } from './feed-host.ts';

const domain = (value: string): Observable => ({ kind: 'domain', value });
const HOUR_MS = 3_600_000;

function lines(count: number, prefix = 'bad'): string {
  return Array.from({ length: count }, (_, at) => `${prefix}-${at}.com\n`).join('');
}

test('FeedRunner reads a feed, tells what changed, and asks again with validators', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  bench.observables.idOf('domain:www.bad-1.com', NOW);
  host.serve('/list', lines(3));
  const touched: string[] = [];
  const runner = bench.runner([feed(`${host.url}/list`)], {
    onChanged: (change) => {
      bench.changes.push(change);
      for (const page of change.touched.observables('added')) touched.push(...page.map(keyOf));
    },
  });
  runner.start();
  await until('the feed is read', () => bench.store.find('bad')?.fetchedAt);
  await runner.refresh('bad');
  assert.deepEqual(touched, ['domain:www.bad-1.com']);
  assert.deepEqual(
    bench.changes.map(({ name, added, removed, entries }) => ({ name, added, removed, entries })),
    [{ name: 'bad', added: 3, removed: 0, entries: 3 }],
  );
  assert.equal(host.requests.at(-1)?.headers['if-none-match'], bench.store.find('bad')?.etag);
  assert.equal(runner.status()[0]?.state, 'current');
  host.serve('/list', lines(4));
  await runner.refresh('bad');
  assert.equal(bench.changes.length, 2);
  assert.equal(bench.store.hits(domain('bad-3.com')).length, 1);
});

test('FeedRunner sends Last-Modified back where a host gives no ETag', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  const date = 'Wed, 15 Apr 2026 08:00:00 GMT';
  host.answer('/list', (request, response) => {
    if (request.headers['if-modified-since'] === date) response.writeHead(304).end();
    else response.writeHead(200, { 'last-modified': date }).end(lines(2));
  });
  const runner = bench.runner([feed(`${host.url}/list`)]);
  runner.start();
  await runner.refresh('bad');
  await runner.refresh('bad');
  assert.equal(host.requests.at(-1)?.headers['if-modified-since'], date);
  assert.equal(bench.store.find('bad')?.problem, undefined);
  assert.equal(bench.changes.length, 1);
});

test('FeedRunner asks again after the interval and not before, also after a restart', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/list', lines(2));
  const first = bench.runner([feed(`${host.url}/list`)]);
  first.start();
  await until('it was read', () => bench.store.find('bad')?.fetchedAt);
  await first.stop();
  assert.equal(first.status()[0]?.nextAt, NOW + HOUR_MS);
  const second = bench.runner([feed(`${host.url}/list`)]);
  second.start();
  await until('it was scheduled', () => second.status()[0]?.nextAt === NOW + HOUR_MS);
  await second.stop();
  assert.equal(host.requests.length, 1);
  bench.clock.now = NOW + HOUR_MS;
  const third = bench.runner([feed(`${host.url}/list`)]);
  third.start();
  await until('it was asked again', () => host.requests.length === 2);
  await until('that was kept', () => bench.store.find('bad')?.fetchedAt === NOW + HOUR_MS);
});

test('FeedRunner honours Retry-After and the minimum interval of a host', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.answer('/list', (_request, response) => void response.writeHead(429, { 'retry-after': '7200' }).end());
  const runner = bench.runner([feed(`${host.url}/list`), feed(`${host.url}/gone`, { name: 'gone' })]);
  runner.start();
  await until('both failed', () => bench.store.find('gone')?.problem && bench.store.find('bad')?.problem);
  await runner.stop();
  const [bad, gone] = runner.status();
  assert.equal(bad?.nextAt, NOW + 2 * HOUR_MS);
  assert.equal(gone?.nextAt, NOW + 300_000);
  assert.equal(bad?.state, 'missing');
  assert.match(bad?.problem ?? '', /answered 429/);
});

const BAD_BODIES: readonly (readonly [string, string | Buffer, RegExp, Record<string, string>?])[] = [
  ['an HTML error page', '\n<!DOCTYPE html><title>Sorry</title>', /web page/],
  ['nothing', '', /is empty/],
  ['only comments', '# nothing today\n\n', /is empty/],
  ['less than half', lines(9), /shrank from 20 to 9/],
  ['JSON in place of names', '{"error":"Unauthorized"}\n', /1 of its 1 entries are none/],
  [
    'binary noise',
    Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * 7919) % 256)),
    /entries are none|is empty/,
  ],
  ['hostile names only', 'evil".com\nx\';drop table feeds;--\n\u0000.com\n$(reboot).org\n', /entries are none/],
  ['a truncated .gz', gzipSync(lines(5000)).subarray(0, 9000), /breaks off/],
  ['a truncated gzip encoding', gzipSync(lines(5000)).subarray(0, 9000), /breaks off/, { 'content-encoding': 'gzip' }],
  ['an encoding we do not know', lines(20), /encoding is "br"/, { 'content-encoding': 'br' }],
];

for (const [what, body, problem, headers] of BAD_BODIES) {
  test(`FeedRunner keeps the last good version of a feed that sends ${what}, and says so`, async (t) => {
    const host = await startFeedHost(t);
    const bench = feedBench(t);
    host.serve('/list', lines(20));
    const runner = bench.runner([feed(`${host.url}/list`)]);
    runner.start();
    await runner.refresh('bad');
    host.serve('/list', body, headers);
    await runner.refresh('bad');
    const [status] = runner.status();
    assert.equal(status?.state, 'kept');
    assert.match(status?.problem ?? '', problem);
    assert.equal(status?.entries, 20);
    assert.equal(bench.store.hits(domain('bad-19.com')).length, 1);
    assert.equal(bench.changes.length, 1);
    assert.ok(bench.lines.some((line) => line.startsWith('warn feed keeps its last good version')));
    host.serve('/list', lines(21));
    await runner.refresh('bad');
    assert.equal(runner.status()[0]?.state, 'current');
  });
}

test('FeedRunner believes a list that stays short for a week', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/list', lines(20));
  const runner = bench.runner([feed(`${host.url}/list`)]);
  runner.start();
  await runner.refresh('bad');
  host.serve('/list', lines(2));
  bench.clock.now += 24 * HOUR_MS;
  await runner.refresh('bad');
  assert.equal(bench.store.find('bad')?.entries, 20);
  bench.clock.now += 8 * 24 * HOUR_MS;
  await runner.refresh('bad');
  assert.equal(bench.store.find('bad')?.entries, 2);
});

test('FeedRunner does not believe a short list because the machine was off for a week', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/list', lines(20));
  const runner = bench.runner([feed(`${host.url}/list`)]);
  runner.start();
  await runner.refresh('bad');
  host.serve('/list', '');
  bench.clock.now += 30 * 24 * HOUR_MS;
  await runner.refresh('bad');
  assert.equal(bench.store.find('bad')?.entries, 20);
  assert.match(bench.store.find('bad')?.problem ?? '', /is empty/);
});

test('FeedRunner ends an endless body at the size limit, packed or not, and a silent one at the time limit', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.answer('/endless', (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(lines(500)));
    };
    response.on('drain', more);
    more();
  });
  host.answer('/slow', (_request, response) => void response.write(lines(3)));
  host.answer('/bomb', (_request, response) => void response.end(gzipSync(Buffer.alloc(3_000_000, 'a.com\n'))));
  const large = bench.runner(
    [feed(`${host.url}/endless`, { name: 'endless' }), feed(`${host.url}/bomb`, { name: 'bomb' })],
    { maxBytes: 1_000_000, maxUnpackedBytes: 2_000_000 },
  );
  large.start();
  await until('both ended', () => large.status().every((status) => status.state === 'missing'));
  const problems = large.status().map((status) => status.problem ?? '');
  assert.match(problems[0] ?? '', /longer than 1000000 bytes,/);
  assert.match(problems[1] ?? '', /longer than 2000000 bytes after decompression/);
  await large.stop();
  const silent = bench.runner([feed(`${host.url}/slow`, { name: 'slow' })], { timeoutMs: 500 });
  silent.start();
  await until('it was given up', () => silent.status()[0]?.state === 'missing');
  assert.match(silent.status()[0]?.problem ?? '', /took longer than 500 ms/);
});

test('FeedRunner skips a line of 10 MB and hostile names, and reads the rest', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  const hostile = `${'x'.repeat(10_000_000)}\nevil".com\nco.uk\nrouter.lan\nlocalhost\n`;
  host.serve('/list', `${lines(10)}${hostile}${lines(10, 'worse')}`);
  const runner = bench.runner([feed(`${host.url}/list`)]);
  runner.start();
  await runner.refresh('bad');
  assert.equal(bench.store.find('bad')?.problem, undefined);
  assert.equal(bench.store.find('bad')?.entries, 20);
});

test('FeedRunner follows redirects by hand, and neither to private addresses nor for ever', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  const redirect = (path: string, location: string): void =>
    host.answer(path, (_request, response) => void response.writeHead(302, { location }).end());
  host.serve('/list', lines(2));
  redirect('/moved', '/list');
  redirect('/circle', '/circle');
  redirect('/router', 'http://192.168.1.1/admin');
  redirect('/metadata', 'http://169.254.169.254/latest');
  redirect('/mapped', 'http://[::ffff:10.0.0.1]/');
  redirect('/file', 'file:///etc/passwd');
  const names = ['moved', 'circle', 'router', 'metadata', 'mapped', 'file'];
  const runner = bench.runner(names.map((name) => feed(`${host.url}/${name}`, { name })));
  runner.start();
  await until('all were tried', () => runner.status().every((status) => status.state !== 'waiting'));
  const problem = (name: string): string => bench.store.find(name)?.problem ?? '';
  assert.equal(bench.store.find('moved')?.entries, 2);
  assert.match(problem('circle'), /redirects more than 5 times/);
  assert.match(problem('router'), /192\.168\.1\.1 is a private or reserved address/);
  assert.match(problem('metadata'), /169\.254\.169\.254 is a private or reserved address/);
  assert.match(problem('mapped'), /10\.0\.0\.1 is a private or reserved address/);
  assert.match(problem('file'), /answered 302/);
});

test('FeedRunner does not reach a loopback host, by address or by name, unless it is told that this is a test', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/list', lines(2));
  const byName = host.url.replace('127.0.0.1', 'localhost');
  const runner = bench.runner(
    [feed(`${host.url}/list`, { name: 'literal' }), feed(`${byName}/list`, { name: 'named', allowPrivate: true })],
    { allowLoopback: false },
  );
  runner.start();
  await until('both were tried', () => runner.status().every((status) => status.state === 'missing'));
  for (const { problem } of runner.status()) assert.match(problem ?? '', /is a private or reserved address/);
  assert.deepEqual(host.requests, []);
});

test('FeedRunner gives its key to the first host only and puts it into no message', async (t) => {
  const host = await startFeedHost(t);
  const other = await startFeedHost(t);
  const bench = feedBench(t);
  host.answer('/list?k=s3cret%2F', (_request, response) => {
    response.writeHead(302, { location: `${other.url}/elsewhere` }).end();
  });
  const runner = bench.runner([feed(`${host.url}/list?k={key}`, { authKey: 's3cret/' })]);
  runner.start();
  await runner.refresh('bad');
  assert.equal(host.requests[0]?.headers['auth-key'], 's3cret/');
  assert.equal(other.requests[0]?.headers['auth-key'], undefined);
  assert.match(bench.store.find('bad')?.problem ?? '', /answered 404/);
  assert.doesNotMatch(JSON.stringify([bench.lines, runner.status()]), /s3cret/);
});

test('FeedRunner reads a file, and again only when it was changed', async (t) => {
  const bench = feedBench(t);
  const path = join(tempDir(t), 'own.txt');
  writeFileSync(path, lines(2));
  const runner = bench.runner([
    feed(path),
    feed(`${path}.gone`, { name: 'gone' }),
    feed(tempDir(t), { name: 'folder' }),
  ]);
  runner.start();
  await until('all were tried', () => runner.status().every((status) => status.state !== 'waiting'));
  await runner.refresh('bad');
  assert.equal(bench.changes.length, 1);
  appendFileSync(path, 'third.com');
  await runner.refresh('bad');
  assert.equal(bench.store.find('bad')?.entries, 3);
  assert.match(bench.store.find('gone')?.problem ?? '', /ENOENT/);
  assert.match(bench.store.find('folder')?.problem ?? '', /is no file/);
});

test('FeedRunner removes what a feed said that is no longer configured', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/list', lines(2));
  const before = bench.runner([feed(`${host.url}/list`)]);
  before.start();
  await until('it was read', () => bench.store.find('bad')?.fetchedAt);
  await before.stop();
  const after = bench.runner([]);
  after.start();
  await until('it is gone', () => bench.store.find('bad') === undefined);
  assert.deepEqual(bench.store.hits(domain('bad-1.com')), []);
  assert.deepEqual([bench.changes.at(-1)?.removed, bench.changes.at(-1)?.entries], [2, 0]);
  assert.equal(bench.db.prepare('SELECT count(*) FROM feed_entries').pluck().get(), 0);
});

test('FeedRunner.stop() gives up what is under way and leaves the last good version', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/list', lines(2));
  const runner = bench.runner([feed(`${host.url}/list`)]);
  runner.start();
  await runner.refresh('bad');
  host.answer('/list', (_request, response) => void response.write(lines(1)));
  const hanging = runner.refresh('bad');
  await until('it hangs', () => host.requests.length >= 3);
  await runner.stop();
  await hanging;
  assert.equal(bench.store.find('bad')?.problem, undefined);
  assert.equal(bench.store.hits(domain('bad-1.com')).length, 1);
});

const UUIDS = [1, 2, 3].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);

function event(...attributes: readonly object[]): string {
  return JSON.stringify({
    Event: { info: 'x', Attribute: attributes, Object: [{ name: 'o', Attribute: attributes }] },
  });
}

function attribute(type: string, value: string, more: object = {}): object {
  return { type, value, to_ids: true, Tag: [{ name: 'tlp:white' }], ...more };
}

test('FeedRunner reads a MISP feed and fetches again only the events that changed', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  const manifest = (stamps: readonly number[]): string =>
    JSON.stringify({
      ...Object.fromEntries(stamps.map((timestamp, at) => [UUIDS[at], { timestamp: String(timestamp), info: 'x' }])),
      '../../etc/passwd': { timestamp: '9' },
    });
  host.serve('/misp/manifest.json', manifest([1, 2]));
  host.serve(`/misp/${UUIDS[0]}.json`, event(attribute('domain', 'one.com'), attribute('ip-src', '198.51.100.1')));
  host.serve(
    `/misp/${UUIDS[1]}.json`,
    event(
      attribute('url', 'http://two.com/a|b'),
      attribute('domain', 'off.com', { to_ids: false }),
      attribute('ip-dst|port', '9.9.9.10|443'),
    ),
  );
  const runner = bench.runner([feed(`${host.url}/misp/manifest.json`, { format: 'misp' })]);
  runner.start();
  await runner.refresh('bad');
  assert.equal(bench.store.find('bad')?.problem, undefined);
  assert.equal(bench.store.find('bad')?.entries, 2);
  assert.equal(bench.store.hits({ kind: 'ip', value: '9.9.9.10' }).length, 1);
  assert.equal(bench.store.hits(domain('off.com')).length, 0);
  host.requests.length = 0;
  host.serve('/misp/manifest.json', manifest([1, 2, 3]));
  host.serve(`/misp/${UUIDS[2]}.json`, event(attribute('hostname', 'three.com'), attribute('sha256', 'ab'.repeat(32))));
  await runner.refresh('bad');
  assert.deepEqual(
    host.requests.map((request) => request.path),
    ['/misp/manifest.json', `/misp/${UUIDS[2]}.json`],
  );
  assert.equal(bench.store.find('bad')?.entries, 4);
  host.serve('/misp/manifest.json', manifest([1, 4, 3]));
  host.serve(`/misp/${UUIDS[1]}.json`, event(attribute('domain', 'two.com')).slice(0, -3));
  await runner.refresh('bad');
  assert.match(bench.store.find('bad')?.problem ?? '', /JSON breaks off/);
  assert.equal(bench.store.find('bad')?.entries, 4);
});

test('FeedRunner reads a MISP feed from a folder', async (t) => {
  const bench = feedBench(t);
  const folder = join(tempDir(t), 'misp');
  mkdirSync(folder);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ [UUIDS[0] ?? '']: { timestamp: 5 } }));
  writeFileSync(join(folder, `${UUIDS[0]}.json`), event(attribute('domain', 'one.com')));
  const runner = bench.runner([feed(join(folder, 'manifest.json'), { format: 'misp' })]);
  runner.start();
  await runner.refresh('bad');
  assert.equal(bench.store.hits(domain('one.com')).length, 1);
});

test('FeedRunner lets the rest of the daemon run while it reads a large feed', async (t) => {
  const bench = feedBench(t);
  const path = join(tempDir(t), 'large.txt');
  writeFileSync(path, lines(60_000));
  const runner = bench.runner([feed(path)]);
  let turns = 0;
  let isCounting = true;
  const count = (): void => {
    turns += 1;
    if (isCounting) setImmediate(count);
  };
  setImmediate(count);
  runner.start();
  await runner.refresh('bad');
  isCounting = false;
  assert.equal(bench.store.find('bad')?.entries, 60_000);
  // 60 steps of writing alone, and the reading before it.
  assert.ok(turns > 20, `${turns} turns of the event loop`);
});

test('FeedRunner takes over other feeds: reads the new, removes what is gone, and leaves the rest as it is', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/stays', lines(2, 'stays'));
  host.serve('/goes', lines(3, 'goes'));
  host.serve('/comes', lines(4, 'comes'));
  const stays = feed(`${host.url}/stays`, { name: 'stays' });
  const runner = bench.runner([stays, feed(`${host.url}/goes`, { name: 'goes' })]);
  runner.start();
  await until('both are read', () => bench.store.find('stays')?.fetchedAt && bench.store.find('goes')?.fetchedAt);
  runner.follow([{ ...stays, weight: 3 }, feed(`${host.url}/comes`, { name: 'comes' })]);
  await until('the new one is read', () => bench.store.find('comes')?.fetchedAt);
  assert.equal(bench.store.find('goes'), undefined);
  assert.equal(bench.store.hits(domain('goes-1.com')).length, 0);
  assert.equal(bench.store.hits(domain('stays-1.com')).length, 1);
  assert.equal(host.requests.filter(({ path }) => path === '/stays').length, 1, 'its interval is not over');
  assert.deepEqual(
    runner.status().map(({ name, state }) => `${name} ${state}`),
    ['stays current', 'comes current'],
  );
});

test('FeedRunner keeps the last good version of a feed whose new address or key does not work', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.serve('/old', lines(2));
  const old = feed(`${host.url}/old`);
  const runner = bench.runner([old]);
  runner.start();
  await until('it is read', () => bench.store.find('bad')?.fetchedAt);
  bench.clock.now += old.minEveryMs;
  runner.follow([feed(`${host.url}/missing`)]);
  await until('the new address was tried', () => bench.store.find('bad')?.problem);
  assert.equal(bench.store.hits(domain('bad-1.com')).length, 1);
  bench.clock.now += old.minEveryMs;
  host.answer('/locked', (request, response) => {
    if (request.headers['auth-key'] === 'right') response.writeHead(200).end(lines(5));
    else response.writeHead(401).end();
  });
  runner.follow([feed(`${host.url}/locked`, { authKey: 'wrong' })]);
  await until('the wrong key was tried', () => host.requests.some(({ path }) => path === '/locked'));
  await until('it was told', () => bench.store.find('bad')?.problem?.includes('401'));
  assert.equal(bench.store.hits(domain('bad-1.com')).length, 1);
  bench.clock.now += old.minEveryMs;
  runner.follow([feed(`${host.url}/locked`, { authKey: 'right' })]);
  await until('the right key was tried at once', () => bench.store.find('bad')?.entries === 5);
});

test('FeedRunner gives up reading a feed that is no longer wanted', async (t) => {
  const host = await startFeedHost(t);
  const bench = feedBench(t);
  host.answer('/endless', (_request, response) => void response.writeHead(200).write('first.com\n'));
  host.serve('/next', lines(2));
  const runner = bench.runner([feed(`${host.url}/endless`, { name: 'endless' })]);
  runner.start();
  await until('it is being read', () => host.requests.length === 1);
  runner.follow([feed(`${host.url}/next`)]);
  await until('the next one is read', () => bench.store.find('bad')?.fetchedAt);
  assert.equal(bench.store.find('endless'), undefined);
});
