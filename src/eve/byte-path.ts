import { DnsScanner, type ScanListener } from './dns-scanner.ts';
import type { FastPath } from './fast-path.ts';
import type { CounterBoard } from './intake-counters.ts';
import type { Pair } from './sighting-table.ts';

export interface BytePathOptions {
  readonly scanner: DnsScanner;
  readonly fast: FastPath;
  readonly counters: CounterBoard;
  /** Reads the line of `text` (latin1) that begins at `at`, whatever it is, and returns where the next one does. */
  readonly readLine: (text: string, at: number) => number;
}

const NEWLINE = 0x0a;

/** Reads whole lines as bytes. What the scanner declines is made a text and read as such, in the order it came. */
export class BytePath implements ScanListener {
  readonly #options: BytePathOptions;
  /** What is being read. */
  #lines: Buffer = Buffer.alloc(0);

  constructor(options: BytePathOptions) {
    this.#options = options;
  }

  /** Takes whole lines in, the last with its newline. */
  take(lines: Buffer): void {
    let from = 0;
    while (lines.length - from > DnsScanner.MAX_BYTES) {
      const end = lines.lastIndexOf(NEWLINE, from + DnsScanner.MAX_BYTES - 1) + 1;
      if (end > from) this.#scan(lines.subarray(from, end));
      from = end > from ? end : this.#readLong(lines, from);
    }
    this.#scan(lines.subarray(from));
  }

  sighted(pair: Pair, seenAt: number, isAnswer: boolean, isNxdomain: boolean): void {
    this.#options.fast.sighted(pair, seenAt, isAnswer, isNxdomain);
  }

  addressed(pair: Pair, from: number, to: number, areIpv6: boolean): void {
    const list = this.#lines.toString('latin1', from, to);
    this.#options.fast.hearAddresses(pair, areIpv6 ? undefined : list, areIpv6 ? list : undefined);
  }

  #scan(lines: Buffer): void {
    const { scanner, counters, readLine } = this.#options;
    this.#lines = lines;
    scanner.load(lines);
    // Decoded from the first line that was declined, and only then: where one is unknown others often are.
    let text = '';
    let textFrom = 0;
    for (let at = 0; at < lines.length; ) {
      at = scanner.scan(at, lines.length, this);
      counters.fastLines += scanner.counted;
      counters.dnsEvents += scanner.counted;
      counters.dnsReceived += scanner.counted;
      if (at === lines.length) return;
      if (text === '') {
        text = lines.toString('latin1', at);
        textFrom = at;
      }
      at = textFrom + readLine(text, at - textFrom);
      scanner.learn(text, textFrom);
    }
  }

  /** Reads a line that has no room in the scanner. */
  #readLong(lines: Buffer, from: number): number {
    const end = lines.indexOf(NEWLINE, from) + 1;
    this.#options.readLine(lines.toString('latin1', from, end), 0);
    return end;
  }
}
