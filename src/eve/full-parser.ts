import type { Alert } from '../core/alert.ts';
import type { RefusalReason } from '../core/parsed.ts';
import type { AddressBook } from './address-book.ts';
import { type EveRecord, isEveRecord, isReadType, type ReadType } from './eve-record.ts';
import { EXTRACT, type ExtractionSink, type Seen } from './extraction.ts';
import type { ReaderState } from './fast-path.ts';
import { RECORD_START } from './line-splitter.ts';
import { readSuricataStats, type SuricataStats } from './suricata-stats.ts';

/** Where the full parser puts what is no sighting. */
export interface FullParserOptions extends ReaderState {
  readonly onAlert: (alert: Alert) => void;
  readonly onStats: (stats: SuricataStats) => void;
}

/** Reads any line: JSON, schema, extraction. The border where `unknown` becomes core values or a counted reason. */
export class FullParser implements ExtractionSink {
  readonly addresses: AddressBook;
  readonly #state: FullParserOptions;
  #at = 0;

  constructor(options: FullParserOptions) {
    this.addresses = options.addresses;
    this.#state = options;
  }

  /** Takes one line without its newline, decoded as latin1. */
  take(line: string): void {
    const { counters } = this.#state;
    counters.slowLines++;
    const record = parseObject(line);
    if (record !== undefined) this.#record(record);
    else this.#broken(line);
  }

  /** A torn record glued to the next one: the last `{"timestamp":"` begins what may be whole. */
  #broken(line: string): void {
    const { counters } = this.#state;
    const start = line.lastIndexOf(RECORD_START);
    if (start <= 0) {
      // A record's beginning without its end was torn; what does not even begin as a record is rubbish.
      if (start === 0) counters.truncated++;
      else counters.malformed++;
      return;
    }
    counters.truncated++;
    const record = parseObject(line.slice(start));
    if (record === undefined) return;
    counters.resynchronised++;
    this.#record(record);
  }

  #record(record: object): void {
    const { counters } = this.#state;
    const type = 'event_type' in record ? record.event_type : undefined;
    if (typeof type !== 'string' || !Object.hasOwn(record, 'event_type')) {
      counters.malformed++;
      return;
    }
    counters.countEvent(type);
    if (type === 'dns') counters.dnsReceived++;
    if (!isReadType(type)) return;
    if (!isEveRecord(type, record)) counters.drop('invalid');
    else this.#read(type, record);
  }

  #read(type: ReadType, record: EveRecord): void {
    const at = this.#state.clock.readText(record.timestamp ?? '');
    if (!(at >= 0)) {
      this.#state.counters.drop('bad_time');
      return;
    }
    this.#at = at;
    if (type === 'stats') this.#state.onStats(readSuricataStats(record.stats, at));
    else EXTRACT[type](record, at, this);
  }

  refuse(reason: RefusalReason): void {
    this.#state.counters.refuse(reason);
  }

  alert(alert: Alert): void {
    this.#state.onAlert(alert);
  }

  seen(seen: Seen): void {
    this.#state.census.take(seen, this.#at);
  }
}

const NOT_ASCII = /[\x80-\xff]/;

/** The JSON object a line holds, or `undefined`. */
function parseObject(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(NOT_ASCII.test(line) ? utf8(line) : line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // Not JSON: an ordinary thing to hear, counted by the caller.
    return undefined;
  }
}

function utf8(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8');
}
