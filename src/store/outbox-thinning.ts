import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** What is given up when more is marked than the disk has room for. */
export class OutboxThinning {
  readonly #sightings: Statement;
  readonly #names: Statement;
  #times = 0;
  /** What is on its way to the centre, and after how many thinnings it was read. */
  readonly #readAfter = new WeakMap<object, number>();

  constructor(db: Sqlite) {
    const oldest = (relation: string, which = ''): Statement =>
      db.prepare(
        `DELETE FROM outbox WHERE relation = '${relation}' AND (k1, k2, k3, k4) IN (
           SELECT k1, k2, k3, k4 FROM outbox WHERE relation = '${relation}' ${which} ORDER BY k1, k2, k3, k4 LIMIT ?)`,
      );
    this.#sightings = oldest('sightings_hourly');
    // What was judged or asked is spoken of in other tables of the centre.
    const isSpokenOf = ['verdicts', 'reports'].map(
      (table) => `EXISTS (SELECT 1 FROM ${table} WHERE observable_id = k1)`,
    );
    this.#names = oldest('observables', `AND NOT (${isSpokenOf.join(' OR ')})`);
  }

  /** Unmarks the oldest sightings, and where there are none any more the oldest names that were only seen. Returns how many. */
  thin(limit: number): number {
    this.#times += 1;
    const seen = this.#sightings.run(limit).changes;
    return seen < limit ? seen + this.#names.run(limit - seen).changes : seen;
  }

  noteRead(entries: readonly object[]): void {
    for (const entry of entries) this.#readAfter.set(entry, this.#times);
  }

  /** Whether anything was given up since it was read: then the mark of today may be of a later change, and begin with the same version. */
  wasSince(entry: object): boolean {
    return (this.#readAfter.get(entry) ?? this.#times) < this.#times;
  }
}
