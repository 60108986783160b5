import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { checkCentral } from '../../src/sidecar/check-central.ts';
import { DAEMON_KEY, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { MARIADB_USER, type Mariadb, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `central:` of a daemon's configuration, with the password in a file beside. */
function centralConfig(dir: string, { socket }: Mariadb): string {
  const password = join(dir, 'mysql.password');
  writeFileSync(password, MARIADB_USER.password, { mode: 0o600 });
  return `central: { socket: ${socket}, user: ${MARIADB_USER.user}, password_file: ${password}, database: ${MARIADB_USER.database} }\n`;
}

test('what the daemon keeps is in the central database too, with the page a person can open', {
  timeout: 240_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir: join(dir, 'm') });
  const standIn = new VirusTotalStandIn({
    keys: [DAEMON_KEY],
    reports: () => ({ malicious: 12 }),
    allowance: { minute: 1000, day: 100_000, month: 1_000_000 },
  });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const daemon = await startDaemon(t, {
    dir: join(dir, 'g'),
    virustotalUrl: baseUrl,
    more: centralConfig(dir, server),
    moreSuricata: ', allow_unchecked: true',
  });
  await sendToSocket(daemon.eveSocket, dnsQuestionLine('central-name.top'));
  const rows = await until(
    'the scan has arrived',
    async () => {
      const found = await server
        .sql('SELECT url, positives, total_scans, permalink FROM virus_total.url_scans')
        .catch(() => []);
      return found.length > 0 && found;
    },
    120_000,
  );
  assert.deepEqual(
    rows.map((row) => [row.url, Number(row.positives), Number(row.total_scans), row.permalink]),
    [['central-name.top', 12, 92, 'https://www.virustotal.com/gui/domain/central-name.top']],
  );
  daemon.kill('SIGTERM');
  assert.equal(await daemon.ended(), 0);
});

/** One EVE line of Suricata 7, as it writes them beside DNS. */
function eveLine(at: number, record: object): string {
  const timestamp = `${new Date(at).toISOString().slice(0, 23)}000+0000`;
  return `${JSON.stringify({ timestamp, ...record })}\n`;
}

function statsLine(at: number, uptime: number, packets: number, drops: number, alerts: number): string {
  const stats = { uptime, capture: { kernel_packets: packets, kernel_drops: drops }, detect: { alert: alerts } };
  return eveLine(at, { event_type: 'stats', stats });
}

function alertLine(at: number, sid: number): string {
  const alert = { action: 'allowed', signature_id: sid, signature: 'A repeated thing', category: 'Bad', severity: 2 };
  return eveLine(at, { event_type: 'alert', src_ip: '192.168.1.7', dest_ip: '192.0.2.9', alert });
}

test("Suricata's minutes, alerts folded with a count, and what the sensor cannot see reach the centre, and status says how that goes", {
  timeout: 300_000,
}, async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir: join(dir, 'm') });
  const more = centralConfig(dir, server);
  const daemon = await startDaemon(t, { dir: join(dir, 'g'), more, moreSuricata: ', allow_unchecked: true' });
  const at = Date.now() - (Date.now() % 60_000) + 1_000;
  const status = async () => (await daemon.client.ask({ method: 'GET', path: '/v1/status' })) as StatusDocument;
  await sendToSocket(daemon.eveSocket, statsLine(at, 500, 10_000, 7, 3));
  await until('the first totals are known', async () => (await status()).eve.events.stats === 1);
  await sendToSocket(
    daemon.eveSocket,
    [
      ...Array.from({ length: 40 }, (_, index) => alertLine(at + index, 2_000_001)),
      alertLine(at, 2_000_002),
      'this is no event\n',
      statsLine(at + 10, 508, 10_900, 9, 44),
    ].join(''),
  );
  const rows = (sql: string) =>
    until(
      sql,
      async () => {
        const found = await server.sql('USE virus_total', sql).catch(() => []);
        return found.length === 0 ? undefined : found;
      },
      120_000,
    );
  const [minute] = await rows('SELECT packets, drops, alerts FROM suricata_stats');
  assert.deepEqual({ ...minute }, { packets: 900, drops: 2, alerts: 41 });
  const alerts = await rows('SELECT sid, count FROM suricata_alerts ORDER BY sid');
  assert.deepEqual(
    alerts.map((row) => [row.sid, row.count]),
    [
      [2_000_001, 40],
      [2_000_002, 1],
    ],
  );
  // A heartbeat comes every 10 s.
  const [sensor] = await rows('SELECT counters FROM sensors WHERE counters LIKE \'%"malformed":1%\'');
  const counters = JSON.parse(String(sensor?.counters)) as Record<string, number>;
  assert.equal(counters.capture_drops, 2);
  assert.equal(counters.capture_packets, 900);
  assert.equal(counters.batches_lost, 0);

  const { central } = await status();
  assert.equal(central?.state, 'in_reach');
  assert.equal(central?.where, server.socket);
  assert.deepEqual(central?.refused, []);
  await server.kill('SIGKILL');
  const away = await until('status says that it is away', async () => {
    const now = await status();
    return now.central?.state === 'away' ? now : undefined;
  });
  assert.match(away.central?.why ?? '', /Cannot use central database/);
  assert.ok(!away.warnings.some(({ code }) => code === 'central'), 'a centre that is away is normal');
});

test('guardian central migrate from two processes at once makes the schema once, and both succeed', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const config = join(dir, 'guardian.yaml');
  writeFileSync(config, centralConfig(dir, server));
  const migrate = () =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', MAIN, 'central', 'migrate', '--config', config]);
  const said = (await Promise.all([migrate(), migrate()])).map(({ stdout }) => stdout);
  const [version] = await server.sql('SELECT max(version) AS version FROM virus_total.schema_migrations');
  assert.deepEqual(said.map((text) => /^The central schema is (now|up to date)/.exec(text)?.[1]).toSorted(), [
    'now',
    'up to date',
  ]);
  assert.ok(said.every((text) => text.includes(`version ${version?.version}`)));
});

test('guardian check says how the central database is: no schema, a wrong password, away, and well', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const path = join(dir, 'guardian.yaml');
  writeFileSync(path, centralConfig(dir, server));
  const check = () => checkCentral(loadConfig({ path }), {}, AbortSignal.timeout(30_000));
  const [missing] = await check();
  assert.equal(missing?.state, 'warn');
  assert.match(missing?.found ?? '', /schema 0, 0 sensors, want \d+$/);
  await promisify(execFile)(process.execPath, ['--import', 'tsx', MAIN, 'central', 'migrate', '--config', path]);
  const [well, clock] = await check();
  assert.deepEqual([well?.state, clock?.state], ['ok', 'ok']);
  writeFileSync(join(dir, 'mysql.password'), 'wrong');
  const [denied] = await check();
  assert.deepEqual([denied?.state, /Access denied/.test(denied?.found ?? '')], ['bad', true]);
  await server.kill('SIGKILL');
  assert.equal((await check())[0]?.state, 'warn', 'it may be away for days');
  writeFileSync(path, 'sensor: alone\n');
  assert.deepEqual(await check(), []);
});

test('guardian check warns of a server on another machine that is reached without TLS', async (t) => {
  const path = join(tempDir(t), 'guardian.yaml');
  const check = async (central: string): Promise<readonly string[]> => {
    writeFileSync(path, `central: ${central}\n`);
    const items = await checkCentral(loadConfig({ path }), {}, AbortSignal.timeout(30_000));
    return items.map(({ name, state, found }) => `${name} ${state} ${name === 'central' ? '' : found}`.trim());
  };
  assert.deepEqual(await check('{ hosts: ["db.invalid:3306", "127.0.0.1:1"] }'), [
    'central warn',
    'central_tls warn db.invalid is reached without TLS: who talks to what can be read on the way',
  ]);
  assert.deepEqual(await check('{ hosts: ["db.invalid:3306"], tls: {} }'), ['central warn']);
  assert.deepEqual(await check('{ hosts: ["127.0.0.1:1"] }'), ['central warn']);
});
