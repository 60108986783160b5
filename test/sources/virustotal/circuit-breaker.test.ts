import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, grownMs } from '../../../src/sources/virustotal/backoff.ts';
import { CircuitBreaker } from '../../../src/sources/virustotal/circuit-breaker.ts';

function breaker(): CircuitBreaker {
  return new CircuitBreaker({ failures: 3, baseMs: 1_000, capMs: 5_000, random: () => 1 });
}

function failTimes(circuit: CircuitBreaker, times: number, now: number): void {
  for (let nth = 0; nth < times; nth += 1) circuit.failed(now);
}

test('CircuitBreaker lets everything through until failures come in a row', () => {
  const circuit = breaker();
  failTimes(circuit, 2, 0);
  circuit.succeeded();
  failTimes(circuit, 2, 0);
  assert.equal(circuit.state, 'closed');
  assert.equal(circuit.admit(0), undefined);
});

test('CircuitBreaker opens after the given number of failures and says until when', () => {
  const circuit = breaker();
  failTimes(circuit, 3, 100);
  assert.equal(circuit.state, 'open');
  assert.equal(circuit.admit(100), 1_100);
  assert.equal(circuit.admit(1_099), 1_100);
});

test('CircuitBreaker lets one probe through when the wait is over, and holds the others back', () => {
  const circuit = breaker();
  failTimes(circuit, 3, 0);
  assert.equal(circuit.admit(1_000), undefined);
  assert.equal(circuit.state, 'half_open');
  assert.equal(circuit.admit(1_000), 2_000);
});

test('CircuitBreaker closes when the probe succeeds and starts over with the shortest wait', () => {
  const circuit = breaker();
  failTimes(circuit, 3, 0);
  circuit.admit(1_000);
  circuit.succeeded();
  assert.equal(circuit.state, 'closed');
  failTimes(circuit, 3, 2_000);
  assert.equal(circuit.retryAt, 3_000);
});

test('CircuitBreaker doubles the wait with each failed probe, up to the cap', () => {
  const circuit = breaker();
  failTimes(circuit, 3, 0);
  const waits: number[] = [];
  for (let nth = 0; nth < 4; nth += 1) {
    const now = circuit.retryAt ?? 0;
    assert.equal(circuit.admit(now), undefined);
    circuit.failed(now);
    waits.push((circuit.retryAt ?? 0) - now);
  }
  assert.deepEqual(waits, [2_000, 4_000, 5_000, 5_000]);
});

test('CircuitBreaker does not wait longer for failures of requests that were sent before it opened', () => {
  const circuit = breaker();
  failTimes(circuit, 10, 0);
  assert.equal(circuit.retryAt, 1_000);
});

test('CircuitBreaker lets another probe through when one was abandoned', () => {
  const circuit = breaker();
  failTimes(circuit, 3, 0);
  circuit.admit(1_000);
  circuit.abandoned();
  assert.equal(circuit.state, 'open');
  assert.equal(circuit.admit(1_000), undefined);
});

test('CircuitBreaker opens at once, and for as long, when the service itself asks for a wait', () => {
  const circuit = breaker();
  circuit.failed(0, 90_000);
  assert.equal(circuit.admit(0), 90_000);
});

test('backoffMs stays between half of the grown wait and all of it', () => {
  const options = { baseMs: 1_000, capMs: 60_000 };
  for (let attempt = 1; attempt < 100; attempt += 1) {
    const whole = grownMs(attempt, options);
    assert.ok(whole <= 60_000);
    assert.equal(
      backoffMs(attempt, options, () => 0),
      whole / 2,
    );
    assert.equal(
      backoffMs(attempt, options, () => 1),
      whole,
    );
  }
});
