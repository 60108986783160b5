import { keyOf } from '../../../src/core/observable.ts';
import type { PublicationBook } from '../../../src/enforce/publisher.ts';
import { until } from '../../support/until.ts';
import { domain } from '../../triage/network.ts';

type Drive = Parameters<PublicationBook['record']>[0];

const PATIENCE_MS = 120_000;

/** Epoch milliseconds with their fraction: 50 ms are not measured in whole ones. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Measures from a report's arrival to its proof, at each target by itself. Told of every drive. */
export class Stopwatch {
  readonly #arrivedAt = new Map<string, number>();
  readonly #tookMs = new Map<string, Map<string, number>>();

  arrived(name: string): void {
    this.#arrivedAt.set(keyOf(domain(name)), preciseNow());
  }

  record({ target, proved, failed, only, asOf }: Drive): void {
    if (!proved) return;
    const at = preciseNow();
    const took = this.#tookMs.get(target) ?? new Map<string, number>();
    this.#tookMs.set(target, took);
    for (const [key, arrivedAt] of this.#arrivedAt) {
      const isAbout = only === undefined ? arrivedAt <= asOf && !failed.has(key) : only.has(key);
      if (isAbout && !took.has(key)) took.set(key, at - arrivedAt);
    }
  }

  /** Begins anew. */
  reset(): void {
    this.#arrivedAt.clear();
    this.#tookMs.clear();
  }

  /** How many are proved at a target. */
  provedAt(target: string): number {
    return this.#tookMs.get(target)?.size ?? 0;
  }

  async untilProved(target: string, count: number): Promise<void> {
    await until(`${count} are proved at ${target}`, () => this.provedAt(target) >= count, PATIENCE_MS);
  }

  tookMs(target: string): readonly number[] {
    return [...(this.#tookMs.get(target)?.values() ?? [])];
  }
}
