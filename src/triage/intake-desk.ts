import { LRUCache } from 'lru-cache';
import type { Alert } from '../core/alert.ts';
import { type Surroundings, whyNeverAsk } from '../core/guards.ts';
import { keyOf, type Observable, type ObservableKey, observableOfKey } from '../core/observable.ts';
import type { Via } from '../core/sighting.ts';
import { ROW, type SightingBatch, sightingsIn } from '../core/sighting-batch.ts';
import type { Verdict } from '../core/verdict.ts';
import { ClientWatch } from './client-watch.ts';
import { groupOf, leavesHostsOpen, representativeOf, type Service, servedBy } from './collapse.ts';
import type { Lane } from './lane.ts';
import { builtInModel, type LexicalModel } from './lexical-model.ts';
import { type NameKnowledge, type NetworkMemory, NO_LISTS, NO_MEMORY, type WaitingRow } from './network-memory.ts';
import type { Score } from './score.ts';
import { type Occasion, SignalReader } from './signal-reader.ts';

/** An observable that nobody here had ever seen before. */
export interface FirstSighting {
  readonly id: number;
  readonly key: ObservableKey;
  readonly via: Via;
  /** Who saw it; absent or `''` where the event names nobody. */
  readonly client?: string;
}

/** What a question counts against, and how many of each may wait. */
export interface QuestionOrigin {
  readonly client?: string | undefined;
  readonly mostOfClient: number;
  readonly group?: string | undefined;
  readonly mostOfGroup: number;
}

/** Where questions are put, and whether an answer is there already. */
export interface QuestionBook {
  put(
    observableId: number,
    lane: Lane,
    worth: number,
    parts: Readonly<Record<string, number>>,
    now: number,
    origin?: QuestionOrigin,
  ): unknown;
  hasAnswer(observable: Observable): boolean;
  idOf(observable: Observable, now: number): number;
  /** Drops the least worthy above `limit`. Returns how many. */
  trim(limit: number): number;
  rescore?(observableId: number, worth: number, parts: Readonly<Record<string, number>>): void;
  /** The worthiest new questions a client brought. */
  waitingFrom?(client: string, limit: number): readonly WaitingRow[];
  waitingAfter?(observableId: number, limit: number): readonly WaitingRow[];
}

export interface IntakeDeskOptions {
  readonly book: QuestionBook;
  readonly surroundings: () => Surroundings;
  readonly now: () => number;
  /** What this network remembers. Absent: nothing, and every question is judged by what it is. */
  readonly memory?: NetworkMemory;
  /** What lists say of names. Absent: nothing. */
  readonly names?: NameKnowledge;
  /** The built-in model where absent. */
  readonly model?: () => LexicalModel;
  /** Questions that may wait; 100,000 where absent. */
  readonly maxWaiting?: number;
}

/** Questions that may wait. A month of a household's new names; what falls out was worth least and is asked when seen again. */
const MAX_WAITING = 100_000;

/** No client fills more than this share of the queue. */
const CLIENT_SHARE = 0.1;

/** Hosts of one registrable domain that may wait: enough to find the bad one, too few to fill a day. */
const MOST_OF_DOMAIN = 16;

/** Hosts below one shared suffix or network that may wait: they belong to strangers, and a delivery network has thousands a month. */
const MOST_OF_SHARED = 1_000;

/** Hosts asked about after the answer of their domain left them open. */
const HOSTS_OPENED = 8;

/** How far back a host counts as in use. */
const IN_USE_MS = 7 * 86_400_000;

/** A representative is not looked at again within this long: its hosts come in bursts. */
const RECONSIDER_MS = 60_000;

/** Waiting questions of a client that are weighed again when its burst begins. */
const RESCORED_ON_BURST = 200;

/** Rows of the observables, and of the queue, that one `sweep` walks over. */
const SWEPT_ROWS = 5_000;
const SWEPT_QUESTIONS = 200;

/** Seen within the present hour or the one before counts as seen again. */
const SEEN_AGAIN_MS = 3_600_000;

/** Decides which of the things seen become questions, and what each is worth. */
export class IntakeDesk {
  readonly #options: IntakeDeskOptions;
  readonly #memory: NetworkMemory;
  readonly #names: NameKnowledge;
  readonly #watch = new ClientWatch();
  readonly #signals: SignalReader;
  readonly #considered = new LRUCache<string, number>({ max: 10_000 });
  readonly #isDynamicDns: (name: string) => boolean;
  #trimmed = 0;
  #sweptTo = 0;
  #weighedTo = 0;

  constructor(options: IntakeDeskOptions) {
    const { memory = NO_MEMORY, names = NO_LISTS, model = builtInModel, now } = options;
    this.#options = options;
    this.#memory = memory;
    this.#names = names;
    this.#isDynamicDns = (name) => this.#names.isDynamicDns(name);
    this.#signals = new SignalReader({ model, memory, names, watch: this.#watch, now });
  }

  /** How many questions were dropped because too many were waiting. */
  get trimmed(): number {
    return this.#trimmed;
  }

  /**
   * Considers what was seen for the first time. Call it in the transaction that records the sightings. `batch` is the one they came
   * with; it tells which names do not exist.
   */
  considerNew(sightings: readonly FirstSighting[], batch?: SightingBatch): void {
    const missing = batch === undefined || sightings.length === 0 ? NONE : notExisting(batch);
    for (const { id, key, via, client = '' } of sightings) {
      const observable = observableOfKey(key);
      this.#considerSeen(observable, id, { via, client, nxdomain: missing.has(key) });
    }
    this.#trimmed += this.#options.book.trim(this.#options.maxWaiting ?? MAX_WAITING);
  }

  /** Considers what Suricata alerted on: the strongest reason to ask that a network itself can give. */
  considerAlerts(alerts: readonly Alert[]): void {
    const { book, now } = this.#options;
    const seen = new Set<ObservableKey>();
    for (const { observable, client } of alerts) {
      if (observable === undefined || seen.has(keyOf(observable))) continue;
      seen.add(keyOf(observable));
      if (book.hasAnswer(observable)) continue;
      this.#put(book.idOf(observable, now()), observable, 'alert', { via: 'alert', alerted: true, client });
    }
  }

  /** Considers what a feed named and somebody here uses: it is always verified. */
  considerFeedHit(observable: Observable, feeds: readonly string[]): void {
    const { book, now } = this.#options;
    if (!book.hasAnswer(observable)) this.#put(book.idOf(observable, now()), observable, 'new', { via: 'dns', feeds });
  }

  /** Puts an old answer back in the queue. */
  considerRecheck(observable: Observable, newClient = false): void {
    const { book, now } = this.#options;
    const { state, blocked, judgedAt } = this.#memory.heldOf(observable);
    const held = { state, blocked, newClient, idle: !this.#memory.seenSince(observable, judgedAt + SEEN_AGAIN_MS) };
    this.#put(book.idOf(observable, now()), observable, 'recheck', { via: 'dns', held });
  }

  /**
   * Follows an answer: where a registrable domain is not settled by it, the hosts below it that are in use become questions of their
   * own. Call it in the transaction that keeps the verdict. Returns how many hosts were opened.
   */
  considerVerdict(verdict: Verdict | undefined): number {
    if (verdict === undefined || verdict.observable.kind !== 'domain' || !leavesHostsOpen(verdict.state)) return 0;
    const { observable, state } = verdict;
    if (groupOf(observable)?.name !== observable.value) return 0;
    const hosts = this.#memory
      .hostsBelow(observable.value, this.#options.now() - IN_USE_MS, HOSTS_OPENED)
      .filter(({ key }) => key !== keyOf(observable));
    for (const { id, key, client } of hosts)
      this.#put(id, observableOfKey(key), 'new', { via: 'dns', client, parent: state });
    return hosts.length;
  }

  /** What a question about it would be worth now. For `explain`; changes nothing. */
  worthOf(observable: Observable): Score {
    return this.#signals.worthOf(observable, { via: 'dns' });
  }

  /** The answer of another observable that serves this one, or undefined where it needs its own. For `explain`. */
  serviceOf(observable: Observable): Service | undefined {
    return servedBy(observable, (by) => this.#memory.heldOf(by).state, this.#isDynamicDns);
  }

  /**
   * One step of a slow walk over everything ever seen and everything that waits: what was seen again without ever getting an answer goes
   * back in the queue, what new clients began to use is asked again sooner, and waiting questions are weighed anew. Call it about once a
   * minute, in a transaction.
   */
  sweep(): { readonly returned: number; readonly sooner: number; readonly weighed: number } {
    const now = this.#options.now();
    const after = this.#sweptTo >= this.#memory.lastId() ? 0 : this.#sweptTo;
    this.#sweptTo = after + SWEPT_ROWS;
    const since = now - (now % SEEN_AGAIN_MS) - SEEN_AGAIN_MS;
    const returned = this.#memory.unansweredSeen(after, this.#sweptTo, since);
    for (const { id, key, client } of returned) this.#considerSeen(observableOfKey(key), id, { via: 'dns', client });
    const sooner = this.#memory.withNewClients(after, this.#sweptTo, since, now);
    for (const { key } of sooner) this.considerRecheck(observableOfKey(key), true);
    return { returned: returned.length, sooner: sooner.length, weighed: this.#weigh() };
  }

  #considerSeen(observable: Observable, id: number, occasion: Occasion): void {
    const { book, now } = this.#options;
    const { client = '', nxdomain = false } = occasion;
    if (nxdomain && this.#signals.looksInvented(observable)) this.#noteInvented(client);
    const asked = this.#representativeOf(observable);
    const direct = asked.value === observable.value;
    const { state } = direct ? { state: 'unasked' as const } : this.#memory.heldOf(asked);
    if (state === 'unasked') {
      if (this.#consideredLately(keyOf(asked), now())) return;
      this.#put(direct ? id : book.idOf(asked, now()), asked, 'new', occasion);
    } else if (observable.kind === 'domain' && leavesHostsOpen(state)) {
      this.#put(id, observable, 'new', { ...occasion, parent: state });
    }
  }

  // Without a memory nobody could say which hosts an open answer leaves to be asked: each then stands for itself.
  #representativeOf(observable: Observable): Observable {
    return this.#memory === NO_MEMORY && observable.kind === 'domain'
      ? observable
      : representativeOf(observable, this.#isDynamicDns).observable;
  }

  #noteInvented(client: string): void {
    const { book, now } = this.#options;
    if (client === '' || !this.#watch.noteInvented(client, now())) return;
    for (const row of book.waitingFrom?.(client, RESCORED_ON_BURST) ?? []) this.#rescore(row, { client });
  }

  #weigh(): number {
    const rows = this.#options.book.waitingAfter?.(this.#weighedTo, SWEPT_QUESTIONS) ?? [];
    this.#weighedTo = rows.at(-1)?.observableId ?? 0;
    for (const row of rows) if (row.lane === 'new') this.#rescore(row, {});
    return rows.length;
  }

  // What belongs to the moment of the first sighting is kept from the parts; everything else is read anew.
  #rescore(row: WaitingRow, occasion: Pick<Occasion, 'client'>): void {
    const worth = this.#signals.worthOf(row.observable, { via: 'dns', nxdomain: 'nxdomain' in row.parts, ...occasion });
    const parts: Record<string, number> = { ...worth.parts };
    for (const name of KEPT_PARTS) {
      const kept = row.parts[name];
      if (kept !== undefined && (occasion.client === undefined || parts[name] === undefined)) parts[name] = kept;
    }
    const total = Math.round(Object.values(parts).reduce((sum, part) => sum + part, 0) * 100) / 100;
    this.#options.book.rescore?.(row.observableId, total, parts);
  }

  #consideredLately(key: ObservableKey, now: number): boolean {
    const before = this.#considered.get(key);
    if (before !== undefined && Math.abs(now - before) < RECONSIDER_MS) return true;
    this.#considered.set(key, now);
    return false;
  }

  #put(id: number, observable: Observable, lane: Lane, occasion: Occasion): void {
    const { book, surroundings, now, maxWaiting = MAX_WAITING } = this.#options;
    if (whyNeverAsk(observable, surroundings()) !== undefined) return;
    const worth = this.#signals.worthOf(observable, occasion);
    if (lane !== 'recheck') this.#signals.note(occasion.client, worth);
    const group = groupOf(observable);
    book.put(id, lane, worth.total, worth.parts, now(), {
      client: occasion.client === '' ? undefined : occasion.client,
      mostOfClient: Math.max(1, Math.floor(maxWaiting * CLIENT_SHARE)),
      // What stands for its whole domain is one question, and needs no budget.
      group: group?.name === observable.value ? undefined : group?.name,
      mostOfGroup: group?.shared === true ? MOST_OF_SHARED : MOST_OF_DOMAIN,
    });
  }
}

/** Parts of a score that belong to who saw it and when, and are not read from the name. */
const KEPT_PARTS = ['client_flood', 'nxdomain_burst', 'quiet_client', 'parent', 'feed'] as const;

const NONE: ReadonlySet<ObservableKey> = new Set();

function notExisting(batch: SightingBatch): ReadonlySet<ObservableKey> {
  const { rows, observables } = batch;
  const missing = new Set<ObservableKey>();
  for (let i = 0; i < sightingsIn(batch); i++) {
    const at = i * ROW.length;
    if ((rows[at + ROW.nxdomain] ?? 0) === 0) continue;
    const key = observables[rows[at + ROW.observable] ?? 0];
    if (key !== undefined) missing.add(key);
  }
  return missing;
}
