import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FRUGAL_FLAGS, frugalEnv } from '../../native-config/bootstrap/frugal-start.mjs';

test('npm start says to Node before it starts what the unit of systemd says', () => {
  const unit = readFileSync(join(import.meta.dirname, '../../systemd/guardian.service'), 'utf8');
  const said = unit.split('\n').find((line) => line.startsWith('Environment=NODE_OPTIONS='));
  assert.equal(
    said,
    `Environment=NODE_OPTIONS=${FRUGAL_FLAGS.join(' ')} MALLOC_ARENA_MAX=${frugalEnv({}).MALLOC_ARENA_MAX}`,
  );
});

test('npm start leaves the number of arenas that a person chose', () => {
  assert.deepEqual(frugalEnv({ MALLOC_ARENA_MAX: '4', HOME: '/root' }), { MALLOC_ARENA_MAX: '4', HOME: '/root' });
});
