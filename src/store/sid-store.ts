import type { Statement } from 'better-sqlite3';
import { OperatorError } from '../core/errors.ts';
import type { ObservableKey } from '../core/observable.ts';
import type { Sqlite } from './sqlite-file.ts';

interface Row {
  readonly sid: number;
  readonly rev: number;
  readonly text_hash: string;
}

/** The table `rule_sids`: a sid belongs to its indicator for life, and rev grows when the rule's text changes. */
export class SidStore {
  readonly #first: number;
  readonly #last: number;
  readonly #find: Statement<[string], Row>;
  readonly #insert: Statement;
  readonly #renew: Statement;
  readonly #highest: Statement<[number, number], { sid: number | null }>;

  /** `first` to `last` are the sids that indicators may take, both included. */
  constructor(db: Sqlite, first: number, last: number) {
    this.#first = first;
    this.#last = last;
    this.#find = db.prepare('SELECT sid, rev, text_hash FROM rule_sids WHERE key = ?');
    this.#insert = db.prepare('INSERT INTO rule_sids (key, sid, rev, text_hash) VALUES (?, ?, 1, ?)');
    this.#renew = db.prepare('UPDATE rule_sids SET rev = rev + 1, text_hash = ? WHERE key = ?');
    this.#highest = db.prepare('SELECT max(sid) AS sid FROM rule_sids WHERE sid BETWEEN ? AND ?');
  }

  /**
   * The sid and revision of an indicator's rule with this text.
   * @throws OperatorError when the range is used up.
   */
  assign(key: ObservableKey, textHash: string): { readonly sid: number; readonly rev: number } {
    const row = this.#find.get(key);
    if (row === undefined) return this.#assignNew(key, textHash);
    if (row.text_hash === textHash) return { sid: row.sid, rev: row.rev };
    this.#renew.run(textHash, key);
    return { sid: row.sid, rev: row.rev + 1 };
  }

  /** The sid of an indicator, where it ever got one. */
  find(key: ObservableKey): number | undefined {
    return this.#find.get(key)?.sid;
  }

  #assignNew(key: ObservableKey, textHash: string): { readonly sid: number; readonly rev: number } {
    const sid = (this.#highest.get(this.#first, this.#last)?.sid ?? this.#first - 1) + 1;
    if (sid > this.#last) {
      throw new OperatorError(`Cannot give a sid to ${key}: all of ${this.#first}-${this.#last} are used`, {
        hint: 'Widen suricata.sid_range.',
      });
    }
    this.#insert.run(key, sid, textHash);
    return { sid, rev: 1 };
  }
}
