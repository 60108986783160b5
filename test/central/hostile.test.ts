import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { drained, openSensor, T0 } from './central-fixture.ts';

const NASTY = [
  "'; DROP TABLE scans; -- ",
  '\\',
  "\\'",
  "\\\\'); DELETE FROM verdicts; #",
  '"; /*',
  'a\u0000b',
  '\u001b[2J\r\n',
  '🐟'.repeat(40),
  '\u202egnp.exe',
  "%' OR '1'='1",
  '$1 ? ?',
  ' ends with a space ',
  '',
];

test('whatever a text holds, it arrives as it is and means nothing to the server', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir });
  const sensor = openSensor(t, 'gateway', dir);
  const generated = fc.sample(fc.string({ unit: 'grapheme', maxLength: 200 }), { numRuns: 1500, seed: 7 });
  const bytes = fc.sample(fc.string({ unit: 'binary-ascii', maxLength: 60 }), { numRuns: 1500, seed: 8 });
  const texts = [...NASTY, ...generated, ...bytes];
  const insert = sensor.db.prepare('INSERT INTO overrides VALUES (?, ?, ?, ?, NULL)');
  sensor.db.transaction(() => {
    for (const [index, text] of texts.entries()) insert.run(`n${index}.example.com`, 'allow', text, T0);
  })();
  const sync = sensor.sync({ addresses: [{ socket: server.socket }] });
  await drained(sensor);
  assert.equal(sync.figures().setAside, 0);
  const rows = await server.sql('SELECT pattern, reason FROM virus_total.overrides');
  assert.equal(rows.length, texts.length);
  const arrived = new Map(rows.map((row) => [String(row.pattern), String(row.reason)]));
  for (const [index, text] of texts.entries()) assert.equal(arrived.get(`n${index}.example.com`), text);
  const [tables] = await server.sql(
    "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'virus_total' AND table_name IN ('scans', 'verdicts')",
  );
  assert.equal(tables?.n, 2);
});
