import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { DAEMON_KEY, startDaemon } from '../support/daemon.ts';
import { dnsQuestionLine, sendToSocket } from '../support/eve-line.ts';
import { MARIADB_USER, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

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
  const password = join(dir, 'mysql.password');
  writeFileSync(password, MARIADB_USER.password, { mode: 0o600 });
  const more = `central: { socket: ${server.socket}, user: ${MARIADB_USER.user}, password_file: ${password}, database: ${MARIADB_USER.database} }\n`;
  const daemon = await startDaemon(t, {
    dir: join(dir, 'g'),
    virustotalUrl: baseUrl,
    more,
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
    40_000,
  );
  assert.deepEqual(
    rows.map((row) => [row.url, Number(row.positives), Number(row.total_scans), row.permalink]),
    [['central-name.top', 12, 92, 'https://www.virustotal.com/gui/domain/central-name.top']],
  );
  daemon.kill('SIGTERM');
  assert.equal(await daemon.ended(), 0);
});
