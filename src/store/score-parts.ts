import type { Statement } from 'better-sqlite3';
import type { Sqlite } from './sqlite-file.ts';

/** Steps per unit of worth: a score and its parts are kept as whole hundredths. */
export const PER_UNIT = 100;

/** What a score is made of, as the queue keeps it: names once in the table `score_parts`, hundredths in each row. */
export class ScoreParts {
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();
  readonly #insert: Statement<[string]>;
  readonly #all: Statement<[], { id: number; name: string }>;

  constructor(db: Sqlite) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO score_parts (name) VALUES (?)');
    this.#all = db.prepare('SELECT id, name FROM score_parts');
    this.#load();
  }

  /** One text for the parts: `1:1000 2:-91`. */
  write(parts: Readonly<Record<string, number>>): string {
    let text = '';
    for (const name in parts) {
      const pair = `${this.#idOf(name)}:${Math.round((parts[name] ?? 0) * PER_UNIT)}`;
      text = text === '' ? pair : `${text} ${pair}`;
    }
    return text;
  }

  /** The parts of such a text. */
  read(text: string): Readonly<Record<string, number>> {
    if (text === '') return {};
    return Object.fromEntries(
      text.split(' ').map((pair) => {
        const [id, value] = pair.split(':');
        return [this.#names.get(Number(id)) ?? `part_${id}`, Number(value) / PER_UNIT];
      }),
    );
  }

  #idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#insert.run(name);
    this.#load();
    return this.#ids.get(name) ?? 0;
  }

  /** Forgets ids that a rolled-back transaction gave out. */
  forgetCachedIds(): void {
    this.#ids.clear();
    this.#names.clear();
    this.#load();
  }

  #load(): void {
    for (const { id, name } of this.#all.all()) {
      this.#ids.set(name, id);
      this.#names.set(id, name);
    }
  }
}
