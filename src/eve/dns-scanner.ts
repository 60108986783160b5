import { randomBytes } from 'node:crypto';
import type { EveClock } from './eve-time.ts';
import type { KnownPairs } from './known-pairs.ts';
import { SCANNER_WASM } from './scanner-wasm.ts';
import type { Pair } from './sighting-table.ts';

/** Who is told of the DNS records of known pairs that were scanned. */
export interface ScanListener {
  /** A question or an answer. */
  sighted(pair: Pair, seenAt: number, isAnswer: boolean, isNxdomain: boolean): void;
  /** The answer told of last brought other addresses than the one before: they stand quoted at `from` up to `to`. */
  addressed(pair: Pair, from: number, to: number, areIpv6: boolean): void;
}

/** What `native-config/scanner/assembly/record.ts` exports. Positions count from the start of its memory. */
interface ScannerExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  scan(from: number, to: number): number;
  counted(): number;
  remember(id: number): number;
  clear(seed: bigint): void;
}

// The memory, as `native-config/scanner/assembly/memory.ts` lays it out.
const MISS = 64;
const MINUTE = 96;
const ZONE = 120;
const MINUTE_MS = 128;
const INPUT = 4096;
const INPUT_BYTES = 196_608;
const EVENTS = INPUT + INPUT_BYTES + 4096;
const EVENT_BYTES = 32;

const IS_ANSWER = 1;
const IS_NXDOMAIN = 2;
const HAS_ADDRESSES = 4;
const ARE_IPV6 = 8;

const WORD_BYTES = 4;

const MODULE = compiled();

/**
 * Reads DNS records of known pairs as bytes, in WebAssembly: no string is made of what is known. A cache before
 * `KnownPairs`, emptied whenever that forgets, so that what goes on being heard is revived there.
 */
export class DnsScanner {
  static readonly MAX_BYTES = INPUT_BYTES;
  readonly #known: KnownPairs;
  readonly #clock: EveClock;
  readonly #wasm: ScannerExports;
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;
  /** By the number that the scanner knows them by. */
  #pairs: Pair[] = [];
  #turnovers = 0;

  /** `undefined` where the processor lacks the instructions. */
  static create(known: KnownPairs, clock: EveClock): DnsScanner | undefined {
    return MODULE === undefined ? undefined : new DnsScanner(MODULE, known, clock);
  }

  private constructor(module: WebAssembly.Module, known: KnownPairs, clock: EveClock) {
    this.#known = known;
    this.#clock = clock;
    this.#wasm = new WebAssembly.Instance(module).exports as unknown as ScannerExports;
    const { buffer } = this.#wasm.memory;
    this.#bytes = Buffer.from(buffer);
    this.#words = new Uint32Array(buffer);
    this.#numbers = new Float64Array(buffer);
    this.#forget();
  }

  /** Takes in a copy of whole lines, each with its newline: at most `MAX_BYTES`. Positions count from its start. */
  load(lines: Uint8Array): void {
    this.#keepUp();
    this.#bytes.set(lines, INPUT);
  }

  /** Reads from `from` on and tells `listener`. Returns where the first line begins that it did not read, or `to`. */
  scan(from: number, to: number, listener: ScanListener): number {
    const end = this.#wasm.scan(INPUT + from, INPUT + to);
    const count = this.#wasm.counted();
    for (let i = 0; i < count; i++) this.#tell(listener, (EVENTS + i * EVENT_BYTES) / WORD_BYTES);
    return end - INPUT;
  }

  /** How many lines the last scan read. */
  get counted(): number {
    return this.#wasm.counted();
  }

  /** Learns from the line that the last scan ended at, after others have read it. `text` is what is loaded, from `from` on. */
  learn(text: string, from: number): void {
    const at = MISS / WORD_BYTES;
    if (this.#word(at) === 0) {
      this.#keepUp();
      this.#followClock();
      return;
    }
    const client = this.#word(at + 1) - INPUT - from;
    const name = this.#word(at + 3) - INPUT - from;
    // With its closing quote.
    const clientQuote = text.slice(client, client + this.#word(at + 2) + 1);
    const pair = this.#known.find('dns', clientQuote, text.slice(name, name + this.#word(at + 4)));
    this.#keepUp();
    if (pair === undefined) return;
    if (this.#wasm.remember(this.#pairs.length) === 0) this.#forget();
    else this.#pairs.push(pair);
  }

  #tell(listener: ScanListener, at: number): void {
    const pair = this.#pairs[this.#word(at)];
    if (pair === undefined) return;
    const flags = this.#word(at + 1);
    listener.sighted(pair, this.#numbers[at / 2 + 1] ?? 0, (flags & IS_ANSWER) !== 0, (flags & IS_NXDOMAIN) !== 0);
    if ((flags & HAS_ADDRESSES) === 0) return;
    listener.addressed(pair, this.#word(at + 4) - INPUT, this.#word(at + 5) - INPUT, (flags & ARE_IPV6) !== 0);
  }

  #word(at: number): number {
    return this.#words[at] ?? 0;
  }

  /** Forgets when `KnownPairs` has. */
  #keepUp(): void {
    if (this.#turnovers !== this.#known.dnsTurnovers) this.#forget();
  }

  #forget(): void {
    this.#pairs = [];
    this.#turnovers = this.#known.dnsTurnovers;
    // A sender that could guess where pairs stand could make them all stand in one place.
    this.#wasm.clear(randomBytes(8).readBigUInt64LE());
  }

  #followClock(): void {
    const { minute, zone, minuteMs } = this.#clock;
    if (!(minuteMs >= 0)) return;
    this.#bytes.write(minute, MINUTE, 'latin1');
    this.#bytes.write(zone, ZONE, 'latin1');
    this.#numbers[MINUTE_MS / Float64Array.BYTES_PER_ELEMENT] = minuteMs;
  }
}

function compiled(): WebAssembly.Module | undefined {
  const bytes = Buffer.from(SCANNER_WASM, 'base64');
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}
