import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HealthFacts, liveness, MAX_INTAKE_SILENCE_MS, readiness } from '../../src/ops/health.ts';

const FACTS: HealthFacts = { isEveBound: true, isStoreOpen: true, isStopping: false, intakeHeardAt: 1_000_000 };

test('liveness() says dead when the intake hangs, and only then', () => {
  assert.deepEqual(liveness(FACTS, 1_000_000 + MAX_INTAKE_SILENCE_MS), { isHealthy: true, problems: [] });
  const later = 1_000_001 + MAX_INTAKE_SILENCE_MS;
  assert.deepEqual(liveness(FACTS, later), { isHealthy: false, problems: ['intake silent for 30 s'] });
  assert.equal(liveness({ ...FACTS, isStopping: true }, later).isHealthy, true);
  assert.equal(liveness({ ...FACTS, isEveBound: false }, 1_000_000).isHealthy, true);
});

test('readiness() lists everything that is missing', () => {
  assert.equal(readiness(FACTS).isHealthy, true);
  assert.deepEqual(readiness({ ...FACTS, isEveBound: false, isStoreOpen: false, isStopping: true }).problems, [
    'stopping',
    'EVE socket not bound',
    'store not open',
  ]);
});
