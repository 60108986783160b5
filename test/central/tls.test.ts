import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { poolOf } from './central-fixture.ts';

/** Made for this test and good for nothing else: a CA, its certificates for "localhost" and "db.example.com" with their key, and a CA that signed nothing. */
const file = (name: string): string => join(import.meta.dirname, 'fixtures', name);
const ca = readFileSync(file('ca.pem'), 'utf8');
const otherCa = readFileSync(file('other-ca.pem'), 'utf8');

test('CentralPool talks TLS with a server whose certificate is signed by the CA and names the host, and to no other', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const args = [
    `--ssl-cert=${file('server-cert.pem')}`,
    `--ssl-key=${file('server-key.pem')}`,
    `--ssl-ca=${file('ca.pem')}`,
  ];
  const server = await startMariadb(t, { dir: tempDir(t), args });
  const cipher = async (host: string, trusted: string): Promise<unknown> => {
    const pool = poolOf({ addresses: [{ host, port: server.port }], tls: { ca: trusted } });
    try {
      const rows = await pool.use((connection) => connection.rows("SHOW STATUS LIKE 'Ssl_cipher'"));
      return rows[0]?.Value;
    } finally {
      pool.close();
    }
  };
  assert.match(String(await cipher('localhost', ca)), /TLS_|ECDHE/);
  await assert.rejects(cipher('localhost', otherCa), { failure: 'denied', hint: /central\.tls\.ca_file/ });

  await server.kill('SIGTERM');
  await server.start(`--ssl-cert=${file('other-name-cert.pem')}`);
  await assert.rejects(cipher('localhost', ca), { failure: 'denied' }, 'a certificate for another name');
  assert.match(String(await cipher('127.0.0.1', ca)), /TLS_|ECDHE/, 'an address has no name to compare');

  await server.kill('SIGTERM');
  const plain = await startMariadb(t, { dir: tempDir(t), args: ['--skip-ssl'] });
  const pool = poolOf({ addresses: [{ host: 'localhost', port: plain.port }], tls: { ca } });
  t.after(() => pool.close());
  await assert.rejects(
    pool.use((connection) => connection.rows('SELECT 1')),
    { failure: 'denied' },
    'a server without TLS is not talked to in the clear',
  );
});
