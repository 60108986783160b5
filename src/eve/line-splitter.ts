/** Where every EVE record begins. */
export const RECORD_START = '{"timestamp":"';
const NEWLINE = 0x0a;

/** What comes out of the framing: whole lines, each with its newline. */
export interface LineSink {
  /** Lines as they came. The memory is the sender's again when this returns. */
  bytes(lines: Buffer): void;
  /** Lines put together from parts, as latin1: one character a byte. */
  text(lines: string): void;
  /** A record of which only a part came. */
  truncated(): void;
  /** A line longer than the cap was given up. */
  overlong(): void;
}

/**
 * Cuts one connection's bytes into lines. Holds at most the cap and one chunk; a longer line is given up at once, but
 * what begins a new record in its end is kept, since Suricata's partial writes glue a torn record to the next one.
 */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #maxBytes: number;
  #rest = '';
  /** Whether we are inside a line that was given up. */
  #isSkipping = false;

  constructor(sink: LineSink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes in. `chunk` is not kept. */
  push(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#hold(chunk.toString('latin1'));
      return;
    }
    const from = this.#rest === '' && !this.#isSkipping ? 0 : this.#finishRest(chunk);
    if (end > from) this.#sink.bytes(chunk.subarray(from, end));
    this.#rest = chunk.toString('latin1', end);
  }

  /** The sender is gone: what is left without a newline is a last line where it is whole, else a torn one. */
  end(): void {
    const rest = this.#rest;
    this.#rest = '';
    this.#isSkipping = false;
    if (rest === '') return;
    if (rest.trimEnd().endsWith('}')) this.#sink.text(`${rest}\n`);
    else this.#sink.truncated();
  }

  /** Completes the line held with the first line of `chunk`; returns where the next one begins. */
  #finishRest(chunk: Buffer): number {
    const end = chunk.indexOf(NEWLINE) + 1;
    this.#hold(chunk.toString('latin1', 0, end));
    const line = this.#rest;
    this.#rest = '';
    if (!this.#isSkipping && line !== '') this.#sink.text(line);
    this.#isSkipping = false;
    return end;
  }

  #hold(text: string): void {
    this.#rest += text;
    if (this.#isSkipping) this.#resume();
    else if (this.#rest.length > this.#maxBytes) this.#giveUp();
  }

  #giveUp(): void {
    this.#sink.overlong();
    this.#isSkipping = true;
    this.#resume();
  }

  /** Looks for the start of a record in what came while skipping. */
  #resume(): void {
    const start = this.#rest.lastIndexOf(RECORD_START);
    if (start > 0 || (start === 0 && this.#rest.length <= this.#maxBytes)) {
      this.#rest = this.#rest.slice(start);
      this.#isSkipping = false;
    } else this.#rest = this.#rest.slice(1 - RECORD_START.length);
  }
}
