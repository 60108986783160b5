import assert from 'node:assert/strict';
import test from 'node:test';
import type { ForgetOutcome, TargetOutcome } from '../../src/api/publish-outcome.ts';
import { NOW, startControl } from '../api/control-fixture.ts';
import { cli } from './cli-fixture.ts';

const DRIVEN: TargetOutcome = {
  target: 'suricata',
  added: ['domain:evil.com'],
  removed: [],
  published: 1,
  proved: 1,
  failed: [],
};

test('block keeps the word with its reason and expiry, and says how each target took it', async (t) => {
  const affected = [{ key: 'domain:evil.com', state: 'malicious', blockedBefore: false, blocked: true }];
  const fixture = await startControl(t, {
    setOverride: async (override) => {
      fixture.store.overrides.keep(override);
      return { affected, targets: [DRIVEN], conflicts: ['*.evil.com is allowed by the configuration.'] };
    },
  });
  const argv = ['block', 'evil.com', '--reason', 'phishing', '--for', '7d', '-s', fixture.socket];
  const { status, stdout } = await cli(argv);
  assert.equal(status, 0);
  assert.equal(
    stdout,
    'block evil.com until 2026-03-21T12:00:00.000Z\n' +
      'But: *.evil.com is allowed by the configuration.\n' +
      'observable\tstate\tblocked before\tblocked now\twhy not as said\n' +
      'evil.com\tmalicious\tno\tyes\t\n' +
      'target\tadded\tremoved\tpublished\tproved\tfailed\tnotice\n' +
      'suricata\t1\t0\t1\t1\t0\t\n',
  );
  assert.equal(fixture.store.overrides.current(NOW)[0]?.reason, 'phishing');
});

test('allow and forget are one word given and taken back', async (t) => {
  const { socket, store } = await startControl(t);
  assert.equal((await cli(['allow', '*.shop.com', '-s', socket])).status, 0);
  assert.equal(store.overrides.current(NOW)[0]?.action, 'allow');
  const forgotten = await cli(['forget', '*.shop.com', '--json', '-s', socket]);
  assert.deepEqual(JSON.parse(forgotten.stdout), {
    pattern: '*.shop.com',
    forgotten: true,
    affected: [],
    targets: [],
    conflicts: [],
  });
  const again = await cli(['forget', '*.shop.com', '-s', socket]);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /^guardian: Cannot forget \*\.shop\.com: nobody said anything about it/);
});

test('a word that a target could not take is exit 1', async (t) => {
  const outcome: ForgetOutcome = {
    forgotten: true,
    affected: [],
    conflicts: [],
    targets: [{ ...DRIVEN, error: 'Suricata is away' }],
  };
  const { socket } = await startControl(t, { forget: async () => outcome });
  const { status, stdout } = await cli(['forget', 'evil.com', '-s', socket]);
  assert.equal(status, 1);
  assert.match(stdout, /Suricata is away/);
});

for (const span of ['7', 'week', '-1d', '0s', '99999d']) {
  test(`block --for ${span} is wrong usage`, async () => {
    const { status, stderr } = await cli(['block', 'evil.com', `--for=${span}`, '-s', '/nonexistent']);
    assert.equal(status, 2);
    assert.match(stderr, /want one such as 30m, 7d or 2w/);
  });
}
