import type { Statement } from 'better-sqlite3';
import type { Alert } from '../core/alert.ts';
import { keyOf, type Observable, observableOfKey } from '../core/observable.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

interface Row {
  readonly at: number;
  readonly sid: number;
  readonly signature: string;
  readonly category: string;
  readonly severity: number;
  readonly action: 'allowed' | 'blocked';
  readonly client: string;
  readonly peer: string;
  readonly key: string | null;
}

const SELECT = `SELECT at, sid, signature, category, severity, action, client, peer, key
  FROM alerts LEFT JOIN observables ON observables.id = observable_id`;

/** The table `alerts`. */
export class AlertStore {
  readonly #observables: ObservableStore;
  readonly #insert: Statement;
  readonly #of: Statement<[number, number], Row>;
  readonly #recent: Statement<[number], Row>;
  readonly #count: Statement<[number], { n: number }>;
  readonly #prune: Statement;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#insert = db.prepare(
      'INSERT INTO alerts (at, sid, signature, category, severity, action, client, peer, observable_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#of = db.prepare(`${SELECT} WHERE observable_id = ? ORDER BY at DESC LIMIT ?`);
    this.#recent = db.prepare(`${SELECT} ORDER BY at DESC, alerts.id DESC LIMIT ?`);
    this.#count = db.prepare('SELECT count(*) AS n FROM alerts WHERE at >= ?');
    this.#prune = db.prepare('DELETE FROM alerts WHERE at < ?');
  }

  keep(alert: Alert): void {
    const id = alert.observable === undefined ? null : this.#observables.idOf(keyOf(alert.observable), alert.at).id;
    this.#insert.run(
      alert.at,
      alert.sid,
      alert.signature,
      alert.category,
      alert.severity,
      alert.action,
      alert.client,
      alert.peer,
      id,
    );
  }

  /** The latest alerts about an observable. */
  of(observable: Observable, limit: number): readonly Alert[] {
    const stored = this.#observables.find(observable);
    return stored === undefined ? [] : this.#of.all(stored.id, limit).map(alertOf);
  }

  /** The latest alerts. */
  recent(limit: number): readonly Alert[] {
    return this.#recent.all(limit).map(alertOf);
  }

  countSince(since: number): number {
    return this.#count.get(since)?.n ?? 0;
  }

  prune(before: number): number {
    return this.#prune.run(before).changes;
  }
}

function alertOf(row: Row): Alert {
  const { key, ...rest } = row;
  return key === null ? rest : { ...rest, observable: observableOfKey(key) };
}
