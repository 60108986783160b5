import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { checkFeeds } from '../../src/sidecar/check-feeds.ts';
import { tempDir } from '../support/temp-dir.ts';

test('checkFeeds() says of each feed whether its key and its file can be read, without asking anybody', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'own.txt'), 'bad.com\n');
  writeFileSync(join(dir, 'key'), 'secret-of-a-test\n', { mode: 0o600 });
  const text = `feeds:
  - { preset: cert-pl }
  - { preset: urlhaus, auth_key_file: ${dir}/missing }
  - { preset: threatfox, auth_key_file: ${dir}/key }
  - { name: own, path: ${dir}/own.txt }
  - { name: later, path: ${dir}/later.txt }
`;
  const items = await checkFeeds(loadConfig({ path: 'guardian.yaml', text }), {});
  assert.deepEqual(
    items.map(({ name, state }) => `${name} ${state}`),
    ['feed cert-pl ok', 'feed urlhaus bad', 'feed threatfox ok', 'feed own ok', 'feed later warn'],
  );
  assert.match(items[1]?.found ?? '', /Cannot read secret ".*missing"/);
  assert.match(items[2]?.found ?? '', /with a key$/);
  assert.doesNotMatch(JSON.stringify(items), /secret-of-a-test/);
});
