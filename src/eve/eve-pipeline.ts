import type { Alert } from '../core/alert.ts';
import { AddressBook } from './address-book.ts';
import { BytePath } from './byte-path.ts';
import { Census } from './census.ts';
import { DnsScanner } from './dns-scanner.ts';
import { EveClock } from './eve-time.ts';
import { FastPath } from './fast-path.ts';
import { FullParser } from './full-parser.ts';
import type { IntakeBatch } from './intake-batch.ts';
import { CounterBoard, type DropReason } from './intake-counters.ts';
import { DEFAULT_LIMITS, type IntakeLimits } from './intake-limits.ts';
import { KnownPairs } from './known-pairs.ts';
import { type LineSink, LineSplitter } from './line-splitter.ts';
import { LossMeter } from './loss-estimate.ts';
import { SightingTable } from './sighting-table.ts';
import type { SuricataStats } from './suricata-stats.ts';

/** `fastPath: false` sends every line through the full parser: the reference that the fast path is checked against. */
export interface EvePipelineOptions {
  readonly limits?: Partial<IntakeLimits>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly fastPath?: boolean;
}

/**
 * From bytes to sightings, on one thread and without waiting for anything: frame, screen (fast path), parse, extract,
 * count. The owner takes what has gathered with `flush`. Used by the intake's worker and by `replay` alike.
 *
 * Invariant: every line ends in exactly one of: an event counted, `malformed`, `truncated`, `dropped.overlong`.
 */
export class EvePipeline implements LineSink {
  readonly counters = new CounterBoard();
  /** Told before bytes are read, so that its owner may sleep until there are some. */
  onBytes: (() => void) | undefined;
  readonly #limits: IntakeLimits;
  readonly #now: () => number;
  readonly #table: SightingTable;
  readonly #fast: FastPath | undefined;
  readonly #bytes: BytePath | undefined;
  readonly #full: FullParser;
  readonly #splitters = new Map<number, LineSplitter>();
  readonly #loss: LossMeter;
  #alerts: Alert[] = [];
  #stats: SuricataStats | undefined;

  constructor(options: EvePipelineOptions) {
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#now = options.now;
    const { counters } = this;
    const addresses = new AddressBook();
    const clock = new EveClock();
    const pairs = new KnownPairs(this.#limits);
    this.#table = new SightingTable(this.#limits.maxPendingRows);
    this.#loss = new LossMeter(options.now());
    const shared = { counters, addresses, pairs, table: this.#table };
    const readers = { ...shared, clock, census: new Census(shared) };
    this.#fast = options.fastPath === false ? undefined : new FastPath(readers);
    const scanner = this.#fast === undefined ? undefined : DnsScanner.create(pairs, clock);
    if (this.#fast !== undefined && scanner !== undefined) {
      this.#bytes = new BytePath({ scanner, fast: this.#fast, counters, readLine: (text, at) => this.#line(text, at) });
    }
    this.#full = new FullParser({
      ...readers,
      onAlert: (alert) => this.#addAlert(alert),
      onStats: (stats) => this.#addStats(stats),
    });
  }

  /** Whether something waits that should be handed over at once: a new pair, or an alert. */
  get isUrgent(): boolean {
    return this.#table.hasFresh || this.#alerts.length > 0;
  }

  /** Bytes of a stream. Each source (a connection, a file) has its own framing; ids are the caller's. */
  push(chunk: Buffer, sourceId: number): void {
    let splitter = this.#splitters.get(sourceId);
    if (splitter === undefined) {
      splitter = new LineSplitter(this, this.#limits.maxLineBytes);
      this.#splitters.set(sourceId, splitter);
    }
    this.counters.lastEventAt = this.#now();
    this.onBytes?.();
    splitter.push(chunk);
  }

  /** The source has ended. */
  end(sourceId: number): void {
    this.#splitters.get(sourceId)?.end();
    this.#splitters.delete(sourceId);
  }

  /** Whole datagrams, each ending with a newline. */
  pushDatagrams(datagrams: Buffer): void {
    this.counters.lastEventAt = this.#now();
    this.onBytes?.();
    this.bytes(datagrams);
  }

  /** How many rows wait to be handed over. */
  get waiting(): number {
    return this.#table.waiting;
  }

  /** Takes what has gathered: everything, or only what is urgent; of rows at most so many. `undefined`: nothing has. */
  flush(which: 'all' | 'fresh', mostRows?: number): IntakeBatch | undefined {
    if (which === 'fresh' && !this.isUrgent) return undefined;
    const alerts = this.#alerts;
    const stats = this.#stats;
    this.#alerts = [];
    this.#stats = undefined;
    const sightings = this.#table.take(which, mostRows);
    const counters = this.counters.snapshot();
    return stats === undefined ? { sightings, alerts, counters } : { sightings, alerts, stats, counters };
  }

  bytes(lines: Buffer): void {
    if (this.#bytes === undefined) this.text(lines.toString('latin1'));
    else this.#bytes.take(lines);
  }

  text(lines: string): void {
    for (let at = 0; at < lines.length; ) at = this.#line(lines, at);
  }

  /** Reads the line that begins at `at` and returns where the next one does. */
  #line(text: string, at: number): number {
    const next = this.#fast === undefined ? 0 : this.#fast.take(text, at);
    if (next > 0) {
      this.counters.fastLines++;
      return next;
    }
    const end = text.indexOf('\n', at);
    if (end > at) this.#full.take(text.slice(at, end));
    return end + 1;
  }

  truncated(): void {
    this.counters.truncated++;
  }

  overlong(): void {
    this.drop('overlong');
  }

  /** Counts something lost before it was a line. */
  drop(reason: DropReason): void {
    this.counters.drop(reason);
  }

  #addAlert(alert: Alert): void {
    if (this.#alerts.length < this.#limits.maxPendingAlerts) this.#alerts.push(alert);
    else this.counters.drop('alerts_full');
  }

  #addStats(stats: SuricataStats): void {
    this.#stats = stats;
    this.counters.loss = this.#loss.add(stats, this.counters.dnsReceived);
  }
}
