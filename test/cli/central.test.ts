import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARIADB_USER, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { cli } from './cli-fixture.ts';

test('central migrate makes the schema, finds it up to date, mends what it lost, and leaves a newer one alone', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const [config, password] = [join(dir, 'guardian.yaml'), join(dir, 'password')];
  writeFileSync(password, MARIADB_USER.password, { mode: 0o600 });
  writeFileSync(
    config,
    `central: { socket: ${server.socket}, user: ${MARIADB_USER.user}, password_file: ${password}, database: ${MARIADB_USER.database} }\n`,
  );
  const migrate = () => cli(['central', 'migrate', '-c', config]);
  assert.match((await migrate()).stdout, /^The central schema is now version \d+: 0001_first, /);
  assert.match((await migrate()).stdout, /^The central schema is up to date: version \d+\.$/m);
  await server.sql('DROP TABLE virus_total.lookups');
  const mended = await migrate();
  assert.deepEqual([mended.status, mended.stderr], [0, '']);
  assert.match(mended.stdout, /^The central schema, version \d+, is whole again: lookups had gone\.$/m);
  await server.sql("INSERT INTO virus_total.schema_migrations VALUES (99, '0099_later', UTC_TIMESTAMP(3))");
  const newer = await migrate();
  assert.deepEqual([newer.status, newer.stdout], [1, '']);
  assert.match(
    newer.stderr,
    /the central schema is version 99, want at most \d+; it was made by a newer guardian\. Upgrade/,
  );
});
