import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { cli } from '../cli/cli-fixture.ts';
import { FtlStandIn } from '../enforce/pihole/ftl-stand-in.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A daemon with a Pi-hole that wants `correct horse`. */
async function beside(t: Parameters<typeof tempDir>[0] & Parameters<typeof startDaemon>[0], password: string) {
  const dir = tempDir(t);
  const ftl = new FtlStandIn({ rowMs: 0, pickupMs: 5 });
  t.after(() => ftl.stop());
  await ftl.start();
  ftl.queries.ask('www.example.com', '192.168.50.21');
  writeFileSync(join(dir, 'pihole.password'), password, { mode: 0o600 });
  const more = `pihole: { url: "${ftl.url}", password_file: ${join(dir, 'pihole.password')}, dns: "127.0.0.1:${ftl.dns.port}" }\n`;
  const daemon = await startDaemon(t, { dir, more });
  return { dir, ftl, daemon, status: () => daemon.client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' }) };
}

test('a daemon beside a Pi-hole shows its load and keeps it by the minute, on one seat', async (t) => {
  const { dir, ftl, daemon, status } = await beside(t, 'correct horse');
  await until('the figures are read', async () => (await status()).pihole?.state === 'read');
  const { pihole, warnings } = await status();
  assert.deepEqual([pihole?.figures?.queries, pihole?.figures?.blocking, pihole?.problem], [1, true, undefined]);
  assert.deepEqual(
    warnings.filter(({ code }) => code.startsWith('pihole')),
    [],
  );
  const { stdout } = await cli(['status', '--socket', daemon.apiSocket]);
  assert.match(
    stdout,
    /^pi-hole load\tblocking on, 4\.4 queries\/s; in 24 hours 1 query, 0\.0 % blocked, 1 device; FTL uses 4\.5 % CPU$/m,
  );
  assert.deepEqual([ftl.auth.sessions.size, ftl.auth.logins, ftl.violations], [1, 1, []]);
  const db = new Database(join(dir, 'data', 'guardian.db'), { readonly: true });
  t.after(() => db.close());
  await until('the minute is kept', () =>
    db
      .prepare<[], { blocking: number }>('SELECT blocking FROM pihole_stats')
      .all()
      .some((row) => row.blocking === 1),
  );
});

test('a wrong password is said in one place of status, and nothing else stops', async (t) => {
  const { ftl, status } = await beside(t, 'wrong');
  await until('both have failed', async () => {
    const { pihole, targets } = await status();
    return pihole?.state === 'unread' && targets.some(({ name, notice }) => name === 'pihole' && notice !== undefined);
  });
  const text = JSON.stringify(await status());
  assert.equal(text.split('refuses the password').length - 1, 1);
  assert.equal(ftl.auth.logins, 1);
  await until('the lists are written and proved', async () =>
    (await status()).targets.some(({ name, last_proof_at: at }) => name === 'lists' && at !== undefined),
  );
});
