import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Sidecar } from '../../src/sidecar.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { quietSidecar } from './quiet-sidecar.ts';

function sidecarIn(dir: string): Sidecar {
  const at = (name: string) => JSON.stringify(join(dir, name));
  const text = `data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')} }
suricata: { command_socket: null, rules_file: ${at('r/v.rules')}, datasets_dir: ${at('d')}, allow_unchecked: true }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
`;
  return quietSidecar(loadConfig({ path: join(dir, 'guardian.yaml'), text }));
}

test('a sidecar that cannot receive has published nothing, and one that can publishes when it is ready', async (t) => {
  const dir = tempDir(t);
  const other = createServer().listen(join(dir, 'eve.sock'));
  await once(other, 'listening');
  const refused = sidecarIn(dir);
  await assert.rejects(refused.start(), /eve\.sock/);
  await refused.stop();
  assert.equal(existsSync(join(dir, 'r/v.rules')), false);
  assert.equal(existsSync(join(dir, 'lists')), false);
  await new Promise((resolve) => other.close(resolve));
  const sidecar = sidecarIn(dir);
  t.after(() => sidecar.stop());
  await sidecar.start();
  await until(
    'rules and lists',
    () => existsSync(join(dir, 'r/v.rules')) && existsSync(join(dir, 'lists/domains.txt')),
  );
});
