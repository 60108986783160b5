import { parseDomainName } from '../core/domain-name.ts';
import type { AddressBook } from './address-book.ts';
import type { Census, CensusOptions } from './census.ts';
import { detached } from './detached.ts';
import { ANY, DNS_2, DNS_3, FLOW, QUIC, TLS } from './eve-grammar.ts';
import { isReadType } from './eve-record.ts';
import type { EveClock } from './eve-time.ts';
import type { CounterBoard } from './intake-counters.ts';
import type { KnownPairs } from './known-pairs.ts';
import { RECORD_START } from './line-splitter.ts';
import type { Pair, SightingTable } from './sighting-table.ts';

/** What the two readers of lines share. */
export interface ReaderState extends CensusOptions {
  readonly clock: EveClock;
  readonly census: Census;
}

/** One DNS format, and where its captures are. */
interface DnsFormat {
  readonly grammar: RegExp;
  /** Whose client an answer names: the source, or what capture 2 holds. */
  readonly turnsAnswers: boolean;
  readonly answer: number;
  readonly name: number;
  readonly nxdomain: number;
  readonly ipv4: number;
  readonly ipv6: number;
}

const FORMAT_2: DnsFormat = { grammar: DNS_2, turnsAnswers: true, answer: 2, name: 3, nxdomain: 4, ipv4: 5, ipv6: 6 };
const FORMAT_3: DnsFormat = { grammar: DNS_3, turnsAnswers: false, answer: 3, name: 5, nxdomain: 4, ipv4: 6, ipv6: 7 };

const DECLINED = 0;
const TYPE_KEY = '"event_type":"';
/** Where the event type is looked for: before it stand only the time, ids and the interface. */
const MAX_TYPE_OFFSET = 400;

/**
 * Reads the records that nearly all are, by grammar: DNS of any name, and other types of pairs that are known. Declines
 * everything else, and has then changed nothing: the full parser takes the line from the start.
 */
export class FastPath {
  readonly #counters: CounterBoard;
  readonly #addresses: AddressBook;
  readonly #clock: EveClock;
  readonly #pairs: KnownPairs;
  readonly #table: SightingTable;
  readonly #census: Census;
  /** Tried first: a sensor speaks one of the two. */
  #dns = FORMAT_2;
  #otherDns = FORMAT_3;

  constructor(state: ReaderState) {
    this.#counters = state.counters;
    this.#addresses = state.addresses;
    this.#clock = state.clock;
    this.#pairs = state.pairs;
    this.#table = state.table;
    this.#census = state.census;
  }

  /** Takes the line that begins at `at`; `text` holds its newline. Returns where the next one begins, or 0: declined. */
  take(text: string, at: number): number {
    const format = this.#dns;
    const match = exec(format.grammar, text, at);
    return match === null ? this.#takeOther(text, at) : this.#takeDns(format, match, text, at);
  }

  #takeDns(format: DnsFormat, match: RegExpExecArray, text: string, at: number): number {
    const isAnswer = match[format.answer] !== undefined;
    const client = isAnswer && !format.turnsAnswers ? match[2] : match[1];
    const seenAt = this.#clock.read(text, at + RECORD_START.length);
    if (!(seenAt >= 0)) return DECLINED;
    this.#counters.dnsEvents++;
    this.#counters.dnsReceived++;
    const pair = this.#pairs.find('dns', client ?? '', match[format.name] ?? '');
    if (pair === undefined) this.#meet(format, match, client ?? '', isAnswer, seenAt);
    else {
      this.sighted(pair, seenAt, isAnswer, match[format.nxdomain] !== undefined);
      if (isAnswer) this.hearAddresses(pair, match[format.ipv4], match[format.ipv6]);
    }
    return format.grammar.lastIndex;
  }

  /** A pair nobody knows yet. The grammar has no escapes, so the name in the text is the name that JSON holds. */
  #meet(format: DnsFormat, match: RegExpExecArray, clientQuote: string, isAnswer: boolean, seenAt: number): void {
    const rawName = detached(match[format.name] ?? '');
    const parsed = parseDomainName(rawName);
    if (!parsed.ok) {
      this.#counters.refuse(parsed.reason);
      return;
    }
    const addresses = [...unquoted(match[format.ipv4]), ...unquoted(match[format.ipv6])];
    this.#census.take(
      {
        via: 'dns',
        rawClient: clientQuote.slice(0, -1),
        rawName,
        observable: { kind: 'domain', value: parsed.value },
        count: isAnswer ? 0 : 1,
        nxdomain: isAnswer && match[format.nxdomain] !== undefined ? 1 : 0,
        addresses: isAnswer ? addresses : [],
      },
      seenAt,
    );
  }

  /** Counts a DNS record of a known pair. */
  sighted(pair: Pair, seenAt: number, isAnswer: boolean, isNxdomain: boolean): void {
    if (isAnswer) this.#count(pair, seenAt, 0, isNxdomain ? 1 : 0);
    else this.#count(pair, seenAt, 1, 0);
  }

  #count(pair: Pair, seenAt: number, count: number, nxdomain: number): void {
    if (!this.#table.add(pair, seenAt, count, nxdomain, false)) this.#counters.drop('pending_full');
  }

  /** Notes the addresses of an answer, quoted. Only a changed one is read: most repeat the last one. */
  hearAddresses(pair: Pair, ipv4: string | undefined, ipv6: string | undefined): void {
    if (ipv4 !== undefined && ipv4 !== pair.addresses4) {
      pair.addresses4 = this.#explainAll(ipv4);
    }
    if (ipv6 !== undefined && ipv6 !== pair.addresses6) {
      pair.addresses6 = this.#explainAll(ipv6);
    }
  }

  #explainAll(quoted: string): string {
    for (const address of unquoted(quoted)) this.#addresses.explain(address);
    return detached(quoted);
  }

  #takeOther(text: string, at: number): number {
    const key = text.slice(at, at + MAX_TYPE_OFFSET).indexOf(TYPE_KEY);
    if (key === -1) return DECLINED;
    const from = at + key + TYPE_KEY.length;
    const type = text.slice(from, text.indexOf('"', from));
    switch (type) {
      case 'dns':
        return this.#takeOtherDns(text, at);
      case 'flow':
        return this.#takeFlow(text, at);
      case 'tls':
        return this.#takeNamed('tls', TLS, text, at);
      case 'quic':
        return this.#takeNamed('quic', QUIC, text, at);
      default:
        return isReadType(type) ? DECLINED : this.#takeAny(text, at);
    }
  }

  #takeOtherDns(text: string, at: number): number {
    const match = exec(this.#otherDns.grammar, text, at);
    if (match === null) return DECLINED;
    const dns = this.#otherDns;
    this.#otherDns = this.#dns;
    this.#dns = dns;
    return this.#takeDns(dns, match, text, at);
  }

  #takeNamed(via: 'tls' | 'quic', grammar: RegExp, text: string, at: number): number {
    const match = exec(grammar, text, at);
    if (match === null) return DECLINED;
    const pair = this.#pairs.find(via, match[1] ?? '', match[3] ?? '');
    const seenAt = this.#clock.read(text, at + RECORD_START.length);
    if (pair === undefined || !(seenAt >= 0)) return DECLINED;
    this.#counters.countEvent(via);
    this.#count(pair, seenAt, 1, 0);
    const server = match[2] ?? '';
    if (server !== pair.addresses4) {
      this.#addresses.explain(server.slice(0, -1));
      pair.addresses4 = detached(server);
    }
    return grammar.lastIndex;
  }

  #takeFlow(text: string, at: number): number {
    const match = exec(FLOW, text, at);
    const seenAt = match === null ? Number.NaN : this.#clock.read(text, at + RECORD_START.length);
    if (match === null || !(seenAt >= 0)) return DECLINED;
    const raw = (match[2] ?? '').slice(0, -1);
    const { canonical, isPublic } = this.#addresses.read(raw);
    if (isPublic && !this.#addresses.isExplained(canonical)) {
      const pair = this.#pairs.find('flow', match[1] ?? '', raw);
      if (pair === undefined) return DECLINED;
      this.#count(pair, seenAt, 1, 0);
    }
    this.#counters.countEvent('flow');
    return FLOW.lastIndex;
  }

  #takeAny(text: string, at: number): number {
    const match = exec(ANY, text, at);
    if (match === null || isReadType(match[1] ?? '')) return DECLINED;
    this.#counters.countEvent(match[1] ?? '');
    return ANY.lastIndex;
  }
}

/** The texts of a JSON list without its brackets, as the grammar captures one. */
function unquoted(list: string | undefined): readonly string[] {
  return list === undefined ? [] : list.slice(1, -1).split('","');
}

function exec(grammar: RegExp, text: string, at: number): RegExpExecArray | null {
  grammar.lastIndex = at;
  return grammar.exec(text);
}
