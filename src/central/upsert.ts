import type { CentralRelation } from './central-relation.ts';

/** A value of a row; times are epoch milliseconds. */
export type RowValue = string | number | null;

/** Writes rows of one relation as statements. Made once for each relation; holds no rows. */
export class Upsert {
  readonly #relation: CentralRelation;
  readonly #isTime: readonly boolean[];
  readonly #keyAt: readonly number[];
  readonly #sensor: string | undefined;
  readonly #head: string;
  readonly #tail: string;
  #lastMs = Number.NaN;
  #lastTime = '';

  /** `sensor` is written as it is, and must be escaped already. */
  constructor(relation: CentralRelation, columns: readonly string[], sensor: string) {
    this.#relation = relation;
    this.#isTime = columns.map((name) => relation.times.includes(name));
    this.#keyAt = relation.key.map((name) => columns.indexOf(name));
    this.#sensor = relation.sensor === 'shared' ? undefined : sensor;
    const names = columns.map((name) => `\`${name}\``);
    if (this.#sensor !== undefined) names.push('`sensor`');
    if (relation.stamp !== undefined) names.push(`\`${relation.stamp}\``);
    this.#head = `INSERT INTO ${relation.table} (${names.join(', ')}) VALUES\n`;
    this.#tail = `\nON DUPLICATE KEY UPDATE ${this.#assignments(columns)}`;
  }

  /** One row as text, to be joined by `statement`. `quote` writes a text with its quotes. */
  row(values: readonly RowValue[], quote: (text: string) => string): string {
    let text = '(';
    for (let at = 0; at < values.length; at++) {
      if (at > 0) text += ',';
      text += this.#literal(at, values[at] ?? null, quote);
    }
    if (this.#sensor !== undefined) text += `,${this.#sensor}`;
    if (this.#relation.stamp !== undefined) text += ',UTC_TIMESTAMP(3)';
    return `${text})`;
  }

  /** The whole statement for rows made by `row`. Running it twice changes nothing. */
  statement(rows: readonly string[]): string {
    return this.#head + rows.join(',\n') + this.#tail;
  }

  /** Deletes the row that has the key of `values`. */
  deletion(values: readonly RowValue[], quote: (text: string) => string): string {
    const { key, table } = this.#relation;
    const tests = key.map((name, index) => {
      const at = this.#keyAt[index] ?? 0;
      return `\`${name}\` = ${this.#literal(at, values[at] ?? null, quote)}`;
    });
    if (this.#sensor !== undefined) tests.push(`\`sensor\` = ${this.#sensor}`);
    return `DELETE FROM ${table} WHERE ${tests.join(' AND ')}`;
  }

  /** Neighbouring rows share their hour. */
  #time(ms: number): string {
    if (ms !== this.#lastMs) this.#lastTime = `'${datetime(ms)}'`;
    this.#lastMs = ms;
    return this.#lastTime;
  }

  #literal(at: number, value: RowValue, quote: (text: string) => string): string {
    if (value === null) return 'NULL';
    if (typeof value === 'string') return quote(value);
    return this.#isTime[at] === true ? this.#time(value) : String(value);
  }

  // VALUES() is the form that MySQL 8, every MariaDB and TiDB understand; a row alias is MySQL's alone.
  #assignments(columns: readonly string[]): string {
    const { key, merge = {} } = this.#relation;
    const others = columns.filter((name) => !key.includes(name));
    return others
      .map((name) => {
        const fresh = `VALUES(\`${name}\`)`;
        const rule = merge[name];
        return `\`${name}\` = ${rule === undefined ? fresh : `${rule}(\`${name}\`, ${fresh})`}`;
      })
      .join(', ');
  }
}

/** Epoch milliseconds as `2026-01-31 12:00:00.000`, UTC. A time that no calendar holds becomes one the server refuses. */
export function datetime(ms: number): string {
  const iso = Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : 'beyond every calendar';
  return iso.slice(0, -1).replace('T', ' ');
}

/** ECMA-262: the last time a Date can hold. */
const MAX_DATE_MS = 8.64e15;
