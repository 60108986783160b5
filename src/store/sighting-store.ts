import type { Statement } from 'better-sqlite3';
import type { ObservableKey } from '../core/observable.ts';
import { hourOf, VIAS, type Via } from '../core/sighting.ts';
import { ROW, type SightingBatch } from '../core/sighting-batch.ts';
import type { ObservableStore } from './observable-store.ts';
import type { Sqlite } from './sqlite-file.ts';

/** What one client did with one observable, over all kept hours. */
export interface ClientSummary {
  readonly client: string;
  readonly vias: readonly Via[];
  readonly count: number;
  /** Distinct UTC days on which it was seen. */
  readonly days: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** An observable that nobody here had ever seen before this batch. */
export interface FreshObservable {
  readonly id: number;
  readonly key: ObservableKey;
  readonly client: string;
  readonly via: Via;
  readonly seenAt: number;
}

interface SummaryRow {
  readonly client: string;
  readonly vias: string;
  readonly count: number;
  readonly days: number;
  readonly first_seen: number;
  readonly last_seen: number;
}

const UPSERT = `
  INSERT INTO sightings_hourly (observable_id, hour, client_id, via, count, nxdomain, first_seen, last_seen)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (observable_id, hour, client_id, via) DO UPDATE SET
    count = count + excluded.count, nxdomain = nxdomain + excluded.nxdomain,
    first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)`;

const SUMMARY = `
  SELECT clients.address AS client, group_concat(DISTINCT via) AS vias, sum(count) AS count,
         count(DISTINCT hour / 86400000) AS days, min(first_seen) AS first_seen, max(last_seen) AS last_seen
  FROM sightings_hourly JOIN clients ON clients.id = client_id
  WHERE observable_id = ? GROUP BY client_id ORDER BY last_seen DESC`;

/** The tables `sightings_hourly` and `clients`. */
export class SightingStore {
  readonly #observables: ObservableStore;
  readonly #clientIds = new Map<string, number>();
  readonly #upsert: Statement;
  readonly #insertClient: Statement;
  readonly #clientByAddress: Statement<[string], { id: number }>;
  readonly #summary: Statement<[number], SummaryRow>;
  readonly #forget: Statement;
  readonly #countClients: Statement<[], { n: number }>;
  readonly #forgetClients: Statement;

  constructor(db: Sqlite, observables: ObservableStore) {
    this.#observables = observables;
    this.#upsert = db.prepare(UPSERT);
    this.#insertClient = db.prepare('INSERT OR IGNORE INTO clients (address) VALUES (?)');
    this.#clientByAddress = db.prepare('SELECT id FROM clients WHERE address = ?');
    this.#summary = db.prepare(SUMMARY);
    this.#countClients = db.prepare('SELECT count(*) AS n FROM clients');
    this.#forgetClients = db.prepare('DELETE FROM clients WHERE id NOT IN (SELECT client_id FROM sightings_hourly)');
    this.#forget = db.prepare('DELETE FROM sightings_hourly WHERE observable_id BETWEEN ? AND ? AND hour < ?');
  }

  /** Adds a batch to what is known. Call it in a transaction. Returns what nobody had seen before, in order. */
  record(batch: SightingBatch): readonly FreshObservable[] {
    const { rows } = batch;
    const fresh: FreshObservable[] = [];
    const ids = new Map<number, number>();
    const clientIds = batch.clients.map((address) => this.#clientId(address));
    for (let at = 0; at < rows.length; at += ROW.length) {
      const index = rows[at + ROW.observable] ?? 0;
      const clientIndex = rows[at + ROW.client] ?? 0;
      const via = VIAS[rows[at + ROW.via] ?? 0] ?? 'dns';
      const firstSeenAt = rows[at + ROW.firstSeenAt] ?? 0;
      let id = ids.get(index);
      if (id === undefined) {
        const key = batch.observables[index] ?? '';
        const row = this.#observables.idOfSeen(key, firstSeenAt);
        id = row.id;
        ids.set(index, id);
        if (row.isNew) fresh.push({ id, key, client: batch.clients[clientIndex] ?? '', via, seenAt: firstSeenAt });
      }
      this.#upsert.run(
        id,
        hourOf(firstSeenAt),
        clientIds[clientIndex],
        via,
        rows[at + ROW.count],
        rows[at + ROW.nxdomain],
        firstSeenAt,
        rows[at + ROW.lastSeenAt],
      );
    }
    return fresh;
  }

  /** As `ObservableStore.forgetCachedIds`, for clients. */
  forgetCachedIds(): void {
    this.#clientIds.clear();
  }

  /** Who used an observable, the latest first. */
  clientsOf(observableId: number): readonly ClientSummary[] {
    return this.#summary.all(observableId).map((row) => ({
      client: row.client,
      vias: row.vias.split(',') as Via[],
      count: row.count,
      days: row.days,
      firstSeenAt: row.first_seen,
      lastSeenAt: row.last_seen,
    }));
  }

  /** Deletes hours before `before` for observables of a range of row numbers; the caller walks the ranges. */
  forgetBefore(before: number, fromId: number, toId: number): number {
    return this.#forget.run(fromId, toId, before).changes;
  }

  /** Deletes clients that no sighting names any more, where there are more than a network has. Reads every sighting. Returns how many. */
  forgetClients(): number {
    if ((this.#countClients.get()?.n ?? 0) <= MAX_CACHED_CLIENTS) return 0;
    const { changes } = this.#forgetClients.run();
    if (changes > 0) this.forgetCachedIds();
    return changes;
  }

  #clientId(address: string): number {
    const known = this.#clientIds.get(address);
    if (known !== undefined) return known;
    const inserted = this.#insertClient.run(address);
    const id =
      inserted.changes === 1 ? Number(inserted.lastInsertRowid) : (this.#clientByAddress.get(address)?.id ?? 0);
    if (this.#clientIds.size < MAX_CACHED_CLIENTS) this.#clientIds.set(address, id);
    return id;
  }
}

/** A home has dozens of clients; a spoofed source address must not fill the memory. */
const MAX_CACHED_CLIENTS = 10_000;
