import { join } from 'node:path';
import { defaultConfig } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Indicator } from '../../src/core/indicator.ts';
import type { Override } from '../../src/core/override.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { SILENT } from '../../src/lib/log.ts';
import { upkeepBook } from '../../src/sidecar/books.ts';
import { FeedWords } from '../../src/sidecar/feed-words.ts';
import { Judgement } from '../../src/sidecar/judgement.ts';
import { Store } from '../../src/store/store.ts';
import { Upkeep } from '../../src/triage/upkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { domain, reportOf } from './network.ts';

export const DAY_MS = 86_400_000;

/** Everything that decides on blocks, over a real store, at a clock that a test sets. */
export class Blocks {
  readonly store: Store;
  readonly judgement: Judgement;
  readonly rechecks: string[] = [];
  changes = 0;
  now = Date.UTC(2026, 0, 5, 12);
  readonly #upkeep: Upkeep;

  constructor(t: Parameters<typeof tempDir>[0], config: Config = defaultConfig()) {
    const store = new Store({ path: join(tempDir(t), 'guardian.db'), sidRange: { first: 1, last: 100 } });
    t.after(() => store.close());
    const now = (): number => this.now;
    this.store = store;
    this.judgement = new Judgement({ config, store, words: new FeedWords(store, []), now });
    this.#upkeep = new Upkeep({
      book: upkeepBook(store, config.retention),
      considerRecheck: ({ value }) => void this.rechecks.push(value),
      sweep: () => undefined,
      expire: (observable) => this.judgement.expire(observable),
      endWords: (at) => this.judgement.operator.endWords(at),
      onExpired: () => {
        this.changes += 1;
      },
      onRechecks: () => undefined,
      log: SILENT,
      now,
    });
  }

  /** An answer of VirusTotal comes in. */
  answer(name: string, malicious: number): Verdict {
    return this.store.transact(() => {
      this.store.reports.keep(reportOf(name, malicious, this.now));
      const { verdict } = this.judgement.rejudge(domain(name));
      if (verdict === undefined) throw new Error(`${name} has no verdict`);
      return verdict;
    });
  }

  /** So many devices use a name once on each of the last so many days. */
  useDaily(name: string, devices: number, days: number): void {
    const clients = Array.from({ length: devices }, (_, i) => `192.168.1.${10 + i}`);
    for (let day = 0; day < days; day++) {
      const at = this.now - day * DAY_MS;
      const rows = Float64Array.from(clients.flatMap((_, client) => [0, client, 0, 1, 0, at, at]));
      this.store.transact(() => this.store.sightings.record({ observables: [`domain:${name}`], clients, rows }));
    }
  }

  say(action: Override['action'], text: string, forMs?: number): void {
    const pattern = parsePattern(text);
    if (!pattern.ok) throw new Error(pattern.reason);
    this.judgement.operator.say({
      action,
      pattern: pattern.value,
      reason: '',
      origin: 'operator',
      createdAt: this.now,
      ...(forMs === undefined ? {} : { expiresAt: this.now + forMs }),
    });
  }

  forget(text: string): void {
    const pattern = parsePattern(text);
    if (pattern.ok) this.judgement.operator.forget(pattern.value);
  }

  /** Time goes by, and what is over ends. */
  pass(ms: number): void {
    this.now += ms;
    this.#upkeep.run();
  }

  published(): readonly string[] {
    return [...this.store.indicators.desired(this.now).values()].map(({ observable }) => observable.value);
  }

  indicator(name: string): Indicator | undefined {
    return this.store.indicators.find(domain(name));
  }

  verdict(name: string): Verdict | undefined {
    return this.store.verdicts.find(domain(name));
  }
}
