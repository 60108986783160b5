import type { CentralSync } from '../../src/central/central-sync.ts';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { fill, openSensor, type Sensor, T0 } from './central-fixture.ts';

/** What a sensor of these tests has seen before anything goes wrong. */
export const NAMES = ['a.example.com', 'b.example.org', '192.0.2.7', 'http://c.example.net/x?y=1', 'd.example.com'];

interface TestContext {
  after(fn: () => Promise<void> | void): void;
  skip(message?: string): void;
}

/** A server and a sensor that holds a bit of everything. */
export interface World {
  readonly dir: string;
  readonly server: Mariadb;
  readonly sensor: Sensor;
}

/** `undefined` where the test must return at once. */
export async function world(t: TestContext, args: readonly string[] = []): Promise<World | undefined> {
  if (!requires(t, 'mariadb')) return undefined;
  const dir = tempDir(t);
  const server = await startMariadb(t, { dir, args });
  const sensor = openSensor(t, 'gateway', dir);
  fill(sensor, NAMES, T0);
  return { dir, server, sensor };
}

/** Resolves with why the sync waits, when it does for the reason given. */
export async function waiting(sync: CentralSync, failure: string): Promise<string> {
  let seen = '';
  return until(`the sync waits because of ${failure}`, () => {
    const { state } = sync.figures();
    seen = JSON.stringify(state);
    return state.kind === 'waiting' && state.failure === failure ? state.why : undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${seen}`);
  });
}

/** `count` different names. */
export function many(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}.example.com`);
}
