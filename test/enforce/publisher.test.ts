import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { DesiredState, Indicator } from '../../src/core/indicator.ts';
import { keyOf, type ObservableKey } from '../../src/core/observable.ts';
import { Publisher } from '../../src/enforce/publisher.ts';
import type { DriveOutcome, Target } from '../../src/enforce/target.ts';
import { SILENT } from '../../src/lib/log.ts';
import { until } from '../support/until.ts';
import { indicator } from './suricata/desired.ts';

/** What is wanted, and what was told about it. */
class Book {
  readonly #wanted = new Map<ObservableKey, Indicator>();
  #changes = new Map<ObservableKey, Indicator | undefined>();
  readonly proved: string[] = [];

  want(name: string): void {
    const one = indicator(name);
    this.#wanted.set(keyOf(one.observable), one);
    this.#changes.set(keyOf(one.observable), one);
  }

  unwant(name: string): void {
    this.#wanted.delete(`domain:${name}`);
    this.#changes.set(`domain:${name}`, undefined);
  }

  desired(): DesiredState {
    return new Map(this.#wanted);
  }

  takeChanges(): ReadonlyMap<ObservableKey, Indicator | undefined> {
    const changes = this.#changes;
    this.#changes = new Map();
    return changes;
  }

  isWanted(key: ObservableKey): boolean {
    return this.#wanted.has(key);
  }

  record(drive: { target: string; only?: ReadonlySet<ObservableKey> }): void {
    if (drive.only !== undefined) this.proved.push(...[...drive.only].map((key) => `${drive.target} ${key}`));
  }
}

/** A target whose drives end when they are told to. */
class SlowTarget implements Target {
  readonly name = 'slow';
  readonly driven: (readonly ObservableKey[])[] = [];
  readonly hastened: ObservableKey[] = [];
  #release: (() => void) | undefined;
  isSlow = false;
  /** What is put in force in haste waits for this first. */
  gate: Promise<void> = Promise.resolve();

  async drive(desired: DesiredState): Promise<DriveOutcome> {
    this.driven.push([...desired.keys()]);
    if (this.isSlow) await new Promise<void>((resolve) => (this.#release = resolve));
    return { unsupported: new Set(), failed: new Map(), proved: true, added: 0, removed: 0 };
  }

  async hasten(indicators: readonly Indicator[]): Promise<ReadonlySet<ObservableKey>> {
    const keys = indicators.map(({ observable }) => keyOf(observable));
    await this.gate;
    this.hastened.push(...keys);
    return new Set(keys);
  }

  async preview() {
    return { add: [], remove: [] };
  }

  release(): void {
    this.isSlow = false;
    this.#release?.();
  }
}

interface House {
  readonly book: Book;
  readonly target: SlowTarget;
  readonly publisher: Publisher;
  readonly enforced: number[];
}

async function house(t: TestContext): Promise<House> {
  const book = new Book();
  const target = new SlowTarget();
  const enforced: number[] = [];
  const publisher = new Publisher({
    targets: [target],
    book,
    onEnforced: (tookMs) => void enforced.push(tookMs),
    log: SILENT,
    now: Date.now,
  });
  publisher.start();
  t.after(() => publisher.stop());
  await until('the first drive went through', () => publisher.standing()[0]?.lastDriveAt !== undefined);
  return { book, target, publisher, enforced };
}

test('an addition is put in force and proved while a drive is still under way', async (t) => {
  const { book, target, publisher, enforced } = await house(t);
  target.isSlow = true;
  const whole = publisher.publish();
  await until('the drive is under way', () => target.driven.length === 2);
  book.want('evil.example');
  publisher.changed(Date.now());
  await until('it is timed as enforced', () => enforced.length === 1);
  assert.deepEqual(target.hastened, ['domain:evil.example']);
  assert.deepEqual(book.proved, ['slow domain:evil.example']);
  assert.equal(target.driven.length, 2, 'no other drive has begun');
  target.release();
  await whole;
  await until('the drive that owes it follows', () => target.driven.length === 3);
  assert.deepEqual(target.driven[2], ['domain:evil.example']);
});

test('what is taken back while it waits is not put in force, and what was under way is taken away by a drive', async (t) => {
  const { book, target, publisher } = await house(t);
  let open: () => void = () => undefined;
  target.gate = new Promise((resolve) => (open = resolve));
  book.want('under-way.example');
  publisher.changed(Date.now());
  book.want('waiting.example');
  publisher.changed(Date.now());
  for (const name of ['under-way.example', 'waiting.example']) book.unwant(name);
  publisher.changed(Date.now());
  open();
  await until('a drive without either', () => target.driven.length === 2);
  assert.deepEqual(target.driven[1], []);
  assert.deepEqual(target.hastened, ['domain:under-way.example']);
});

test('a removal is driven and not hastened', async (t) => {
  const { book, target, publisher, enforced } = await house(t);
  book.want('evil.example');
  publisher.changed(Date.now());
  await until('it is in force', () => enforced.length === 1);
  book.unwant('evil.example');
  publisher.changed(Date.now());
  await until('the removal is proved', () => enforced.length === 2);
  assert.deepEqual(target.driven.at(-1), []);
  assert.deepEqual(target.hastened, ['domain:evil.example']);
});
