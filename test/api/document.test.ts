import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { documentOf, isoTime } from '../../src/api/document.ts';

test('documentOf() says keys in snake_case, times in ISO 8601 UTC, maps as objects, and leaves undefined out', () => {
  const facts = {
    startedAt: 0,
    lastSeenAt: undefined,
    since: 1000,
    tookMs: 15,
    hasRoom: true,
    events: new Map([['camelCase', 1]]),
    rows: [{ askedAt: 86_400_000, lane: null }],
  };
  assert.deepEqual(documentOf(facts), {
    started_at: '1970-01-01T00:00:00.000Z',
    since: '1970-01-01T00:00:01.000Z',
    took_ms: 15,
    has_room: true,
    events: { camelCase: 1 },
    rows: [{ asked_at: '1970-01-02T00:00:00.000Z', lane: null }],
  });
});

test('isoTime() never throws, whatever a wrong clock wrote', () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), (at) => assert.match(isoTime(at), /Z$/)));
});
