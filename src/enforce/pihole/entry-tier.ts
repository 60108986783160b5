import type { ObservableKey } from '../../core/observable.ts';
import { isOurComment, sharedComment } from './entry-comment.ts';
import { type EntryJudgement, judgeEntry, judgeEqualRow } from './entry-judgement.ts';
import { EntryLedger } from './entry-ledger.ts';
import { EntryReader } from './entry-reader.ts';
import type { PiholeRow } from './pihole-answers.ts';
import type { EntryPlace, PiholeBook, PiholeEntry } from './pihole-book.ts';
import type { EntryName, PiholeClient } from './pihole-client.ts';
import type { WantedEntry } from './wanted-entry.ts';
import { WritePace } from './write-pace.ts';

/** What the tier of single entries works with. */
export interface EntryTierOptions {
  readonly client: PiholeClient;
  readonly book: PiholeBook;
  /** The address of our list; a name that only this one blocks may be released. */
  readonly ourList: string;
  /** Whether Pi-hole is reading its lists for us right now. */
  readonly isReading: () => boolean;
  readonly now: () => number;
}

/** What a drive of the entries came to. */
export interface EntryReport {
  readonly added: readonly WantedEntry[];
  readonly removed: number;
  /** Wanted entries that are in place, ours or a person's equal one. */
  readonly standing: readonly WantedEntry[];
  readonly failed: ReadonlyMap<ObservableKey, string>;
  /** What a person wants otherwise, which is respected. */
  readonly declined: ReadonlyMap<ObservableKey, string>;
  /** Entries with our comment that stand in no record of ours. */
  readonly strangers: number;
}

/** Each added row freezes DNS for 3.4 ms (measured), so ten are the most a household does not notice. */
const ADD_AT_ONCE = 10;
/** A question takes FTL half a millisecond; what takes longer is the way to it. It has 50 threads, so this is not noticed. */
const JUDGED_AT_ONCE = 10;
/** About 300 bytes each at worst, and FTL discards bodies of 64 KiB. One transaction, so the number costs nothing. */
const REMOVE_AT_ONCE = 150;
/** How often what stands in Pi-hole is compared with our record. */
const AUDIT_EVERY_MS = 60_000;
/** Runs of 45 minutes are reported. */
const LONGEST_RUN_MS = 60 * 60_000;
/** Pi-hole's clock and ours. */
const CLOCKS_APART_MS = 5000;

const REMOVED = 'removed by a person in Pi-hole; "guardian block NAME" publishes it again';
const SWITCHED_OFF = 'switched off by a person in Pi-hole';
const PLACES: readonly EntryPlace[] = ['allow/exact', 'deny/exact', 'deny/regex'];

/** Drives single entries of Pi-hole's domain list: few, at once, and never a person's. */
export class EntryTier {
  readonly #options: EntryTierOptions;
  readonly #reader: EntryReader;
  readonly #ledger: EntryLedger;
  readonly #pace: WritePace;
  /** What was found in the way of entries, until the next audit looks again. */
  readonly #judged = new Map<string, EntryJudgement>();
  readonly #switchedOff = new Set<string>();
  /** Deleted while the lists were read: gravity puts a copy of the database in place, made before. */
  #removedDuringRun: PiholeEntry[] = [];
  #auditAt = 0;
  #strangers = 0;

  constructor(options: EntryTierOptions) {
    this.#options = options;
    this.#reader = new EntryReader(options.client);
    this.#ledger = new EntryLedger(options.book, options.now);
    this.#pace = new WritePace(options.now);
  }

  /**
   * Drives our entries to exactly `wanted`.
   * @throws UnavailableError when Pi-hole went away on the way; what was done stands in the record.
   */
  async drive(wanted: readonly WantedEntry[], signal: AbortSignal): Promise<EntryReport> {
    await this.#settleAsked(signal);
    await this.#audit(signal);
    const byId = new Map(wanted.map((entry) => [idOf(entry), entry]));
    const removed = await this.#removeUnwanted(byId, signal);
    const added: WantedEntry[] = [];
    // What is released goes first: it is in somebody's way now.
    for (const place of PLACES)
      added.push(
        ...(await this.#add(
          place,
          wanted.filter((entry) => entry.place === place),
          signal,
        )),
      );
    return { added, removed, ...this.#standing(wanted), strangers: this.#strangers };
  }

  /** Forgets our whole record: it is about another Pi-hole. */
  forgetAll(): void {
    for (const entry of this.#ledger.all()) this.#ledger.forget(entry);
  }

  /** Forgets what was seen in the way, so that the next drive looks again. */
  lookAgain(): void {
    this.#auditAt = 0;
  }

  // A crash or a lost answer came between asking and knowing.
  async #settleAsked(signal: AbortSignal): Promise<void> {
    if (!this.#options.isReading()) {
      for (const entry of this.#removedDuringRun)
        if (this.#ledger.stateOf(entry) === undefined) this.#ledger.set(entry, 'asked');
      this.#removedDuringRun = [];
    }
    const asked = this.#ledger.inState('asked');
    if (asked.length === 0) return;
    const seen = await this.#reader.read(asked, signal, 'all');
    for (const entry of asked) {
      const row = seen.rows.get(idOf(entry));
      if (row !== undefined && row !== 'missing' && isOurComment(row.comment)) this.#ledger.set(entry, 'placed');
      else this.#ledger.forget(entry);
    }
  }

  async #audit(signal: AbortSignal): Promise<void> {
    const now = this.#options.now();
    if (now < this.#auditAt) return;
    const entries = this.#ledger.all();
    const seen = await this.#reader.read(entries, signal, 'sample');
    this.#judged.clear();
    this.#switchedOff.clear();
    const missing = entries.filter((entry) => entry.state === 'placed' && seen.rows.get(idOf(entry)) === 'missing');
    const runAt = missing.length === 0 ? 0 : await this.#options.client.lastGravityAt(signal);
    for (const entry of missing) {
      if (mayBeLost(entry.at, runAt)) this.#ledger.forget(entry);
      else this.#ledger.set(entry, 'removed');
    }
    for (const entry of entries) {
      const row = seen.rows.get(idOf(entry));
      if (row !== undefined && row !== 'missing') this.#compare(entry, row);
    }
    this.#strangers = seen.all.filter((row) => isOurComment(row.comment) && !this.#isOurs(row)).length;
    this.#auditAt = now + AUDIT_EVERY_MS;
  }

  #compare(entry: PiholeEntry, row: PiholeRow): void {
    // A person made it theirs by its comment; from now on it is left alone.
    if (!isOurComment(row.comment)) this.#ledger.forget(entry);
    else if (entry.state === 'removed') this.#ledger.set(entry, 'placed');
    if (!row.enabled) this.#switchedOff.add(idOf(entry));
  }

  async #removeUnwanted(wanted: ReadonlyMap<string, WantedEntry>, signal: AbortSignal): Promise<number> {
    const unwanted = this.#ledger.all().filter((entry) => !wanted.has(idOf(entry)));
    const placed = unwanted.filter((entry) => entry.state === 'placed');
    for (const entry of unwanted) if (entry.state !== 'placed') this.#ledger.forget(entry);
    if (placed.length === 0) return 0;
    const seen = await this.#reader.read(placed, signal, 'all');
    const ours: PiholeEntry[] = [];
    for (const entry of placed) {
      const row = seen.rows.get(idOf(entry));
      if (row !== undefined && row !== 'missing' && isOurComment(row.comment)) ours.push(entry);
      else this.#ledger.forget(entry);
    }
    for (let at = 0; at < ours.length; at += REMOVE_AT_ONCE) {
      const part = ours.slice(at, at + REMOVE_AT_ONCE);
      await this.#pace.take(() => this.#options.client.remove(part, signal), signal);
      for (const entry of part) this.#ledger.forget(entry);
      if (this.#options.isReading()) this.#removedDuringRun.push(...part);
    }
    return ours.length;
  }

  async #add(place: EntryPlace, wanted: readonly WantedEntry[], signal: AbortSignal): Promise<readonly WantedEntry[]> {
    const missing = wanted.filter((entry) => this.#ledger.isMissing(entry, entry.since));
    const added: WantedEntry[] = [];
    let batch: WantedEntry[] = [];
    for (let at = 0; at < missing.length; at += JUDGED_AT_ONCE) {
      // Looked up while the pause between two requests runs anyway.
      batch.push(...(await this.#free(missing.slice(at, at + JUDGED_AT_ONCE), signal)));
      const isLast = at + JUDGED_AT_ONCE >= missing.length;
      while (batch.length >= ADD_AT_ONCE || (isLast && batch.length > 0)) {
        added.push(...(await this.#ask(place, batch.slice(0, ADD_AT_ONCE), signal)));
        batch = batch.slice(ADD_AT_ONCE);
      }
    }
    return added;
  }

  /** Those of some entries that nothing stands in the way of. */
  async #free(entries: readonly WantedEntry[], signal: AbortSignal): Promise<readonly WantedEntry[]> {
    const judged = await Promise.all(entries.map((entry) => this.#judge(entry, signal)));
    return entries.filter((_, index) => judged[index]?.kind === 'free');
  }

  async #judge(entry: WantedEntry, signal: AbortSignal): Promise<EntryJudgement> {
    const id = idOf(entry);
    const known = this.#judged.get(id);
    if (known !== undefined) return known;
    const finding = await this.#options.client.find(entry.name, signal);
    const judgement = judgeEntry(entry, finding, (row) => this.#isOurs(row), this.#options.ourList);
    if (judgement.kind !== 'free') this.#judged.set(id, judgement);
    return judgement;
  }

  async #ask(place: EntryPlace, batch: readonly WantedEntry[], signal: AbortSignal): Promise<readonly WantedEntry[]> {
    const { client } = this.#options;
    // Recorded before it is asked: whatever happens in between, nothing of ours stands there unknown.
    for (const entry of batch) this.#ledger.set(entry, 'asked');
    const items = batch.map((entry) => entry.item);
    const comment = sharedComment(batch.map((entry) => entry.comment()));
    const refused = await this.#pace.take(() => client.add(place, items, comment, signal), signal);
    const added: WantedEntry[] = [];
    for (const entry of batch) {
      const why = refused.get(entry.item);
      if (why === undefined) {
        this.#ledger.set(entry, 'placed');
        added.push(entry);
        continue;
      }
      this.#ledger.forget(entry);
      // A person added the same in this very moment.
      const row = /UNIQUE/i.test(why) ? await this.#reader.readOne(entry, signal) : undefined;
      this.#judged.set(idOf(entry), row === undefined ? { kind: 'refused', why } : judgeEqualRow(row));
    }
    return added;
  }

  #standing(wanted: readonly WantedEntry[]): Pick<EntryReport, 'standing' | 'failed' | 'declined'> {
    const standing: WantedEntry[] = [];
    const failed = new Map<ObservableKey, string>();
    const declined = new Map<ObservableKey, string>();
    for (const entry of wanted) {
      const judgement = this.#judged.get(idOf(entry));
      const why = this.#whyDeclined(entry);
      if (why !== undefined) declined.set(entry.key, why);
      else if (judgement?.kind === 'refused') failed.set(entry.key, judgement.why);
      else standing.push(entry);
    }
    return { standing, failed, declined };
  }

  #whyDeclined(entry: WantedEntry): string | undefined {
    const id = idOf(entry);
    if (this.#switchedOff.has(id)) return SWITCHED_OFF;
    if (this.#ledger.stateOf(entry) === 'removed') return REMOVED;
    const judgement = this.#judged.get(id);
    return judgement?.kind === 'against' ? judgement.why : undefined;
  }

  #isOurs({ place, domain }: PiholeRow): boolean {
    return this.#ledger.has(place, domain);
  }
}

// Gravity builds a new database from a copy, so what is added during a run is lost with the old one. What was placed shortly before
// the last run ended, and is missing, was not deleted by a person.
function mayBeLost(placedAt: number, runAt: number): boolean {
  return placedAt <= runAt + CLOCKS_APART_MS && placedAt >= runAt - LONGEST_RUN_MS;
}

function idOf({ place, item }: EntryName): string {
  return `${place} ${item}`;
}
