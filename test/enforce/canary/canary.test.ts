import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCanary } from '../../../src/core/canary.ts';
import { UnavailableError } from '../../../src/core/errors.ts';
import type { DesiredState } from '../../../src/core/indicator.ts';
import { keyOf } from '../../../src/core/observable.ts';
import { Canary } from '../../../src/enforce/canary/canary.ts';
import type { CanaryRun } from '../../../src/enforce/canary/canary-run.ts';
import { ListFilesTarget } from '../../../src/enforce/lists/list-files-target.ts';
import { Publisher } from '../../../src/enforce/publisher.ts';
import type { DriveOutcome, Target } from '../../../src/enforce/target.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { Store } from '../../../src/store/store.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { desired } from '../suricata/desired.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** A target that keeps what it is told in memory, but for what a test says. */
function pretending(name: string, changes: Partial<Target> & { readonly outcome?: Partial<DriveOutcome> } = {}) {
  let held: DesiredState = new Map();
  const driven: DesiredState[] = [];
  const target: Target = {
    name,
    drive: async (state) => {
      driven.push(state);
      held = state;
      const nothing = { unsupported: new Set<string>(), failed: new Map<string, string>(), added: 0, removed: 0 };
      return { ...nothing, proved: true, ...changes.outcome };
    },
    preview: async () => ({ add: [], remove: [] }),
    holds: async (observable) => held.has(keyOf(observable)),
    ...changes,
  };
  return { target, driven };
}

/** What no target that answers comes near, on a busy machine either. */
const AMPLE_MS = 60_000;

/** Waited out by the test of a target that never answers. */
const SHORT_MS = 2_000;

async function run(t: TestContext, timeoutMs: number, ...targets: readonly Target[]) {
  const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
  const recorded: string[] = [];
  const publisher = new Publisher({
    targets,
    book: {
      desired: () => desired('evil.top'),
      takeChanges: () => undefined,
      isWanted: () => true,
      record: ({ target, failed, unsupported }) =>
        void recorded.push(...[...failed.keys(), ...unsupported].map((key) => `${target} ${key}`)),
    },
    onEnforced: () => undefined,
    log: SILENT,
    now: Date.now,
  });
  const options = { publisher, book: store.canaries, everyMs: 0, log: SILENT, now: Date.now, random: Math.random };
  const canary = new Canary({ ...options, timeoutMs });
  t.after(async () => {
    await canary.stop();
    await publisher.stop();
    store.close();
  });
  const result = await canary.run();
  assert.deepEqual(store.canaries.last()?.targets.length, targets.length);
  return { result, recorded };
}

function outcomes({ targets }: CanaryRun): Readonly<Record<string, string>> {
  return Object.fromEntries(targets.map(({ target, outcome }) => [target, outcome]));
}

test('a canary is published with everything else, found, withdrawn and gone', async (t) => {
  const dir = tempDir(t);
  const { target, driven } = pretending('memory');
  const { result } = await run(t, AMPLE_MS, new ListFilesTarget({ dir, sensor: 'test', now: Date.now }), target);
  assert.deepEqual(outcomes(result), { lists: 'proved', memory: 'proved' });
  const canaries = driven.map((state) => [...state.values()].filter(({ observable }) => isCanary(observable)).length);
  assert.deepEqual(canaries, [1, 0]);
  assert.deepEqual([...(driven.at(-1)?.keys() ?? [])], ['domain:evil.top']);
});

test('each target has its own outcome, and a failing, silent or forgetful one costs the others nothing', async (t) => {
  const nameless = pretending('nameless', {
    drive: async (state) => ({
      unsupported: new Set(state.keys()),
      failed: new Map(),
      proved: true,
      added: 0,
      removed: 0,
    }),
  });
  const away = pretending('away', {
    drive: async () => {
      throw new UnavailableError('Cannot reach it: it is away');
    },
  });
  const { result, recorded } = await run(
    t,
    SHORT_MS,
    pretending('well').target,
    nameless.target,
    away.target,
    pretending('silent', { drive: (_, signal) => untilAborted(signal) }).target,
    pretending('forgetful', { holds: async () => false }).target,
    pretending('sticky', { holds: async () => true }).target,
  );
  assert.deepEqual(outcomes(result), {
    well: 'proved',
    nameless: 'unsupported',
    away: 'failed',
    silent: 'unproved',
    forgetful: 'unproved',
    sticky: 'left_behind',
  });
  assert.match(result.targets.find(({ target }) => target === 'away')?.why ?? '', /it is away/);
  assert.deepEqual(
    recorded.filter((line) => line.includes('guardian.test')),
    [],
    'and nothing about the name is kept',
  );
});

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}
