import type { EvePipeline } from './eve-pipeline.ts';

/** The unix-dgram package receives into a buffer of this size and cuts a longer datagram without a word. */
const MAX_DATAGRAM_BYTES = 65_536;
/** What is read at once. More would make strings that V8 keeps apart, and hold up the event loop for longer. */
const BATCH_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Datagrams laid end to end in one buffer, so that they are read together: a call into C++ for each costs more than its bytes. */
export class DatagramBatch {
  static readonly MAX_DATAGRAM_BYTES = MAX_DATAGRAM_BYTES;
  /** Where the next datagram may be written, from `length` on. Has room for the longest and its newline. */
  readonly buffer = Buffer.allocUnsafeSlow(BATCH_BYTES + MAX_DATAGRAM_BYTES + 1);
  readonly #pipeline: EvePipeline;
  #length = 0;

  constructor(pipeline: EvePipeline) {
    this.#pipeline = pipeline;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether another datagram may be taken in before the next flush. */
  get hasRoom(): boolean {
    return this.#length < BATCH_BYTES;
  }

  /** Takes in a copy of a datagram, or of what the package left of it. */
  add(datagram: Buffer): void {
    this.grow(datagram.copy(this.buffer, this.#length));
  }

  /** Takes in the `bytes` that were written at `length`: a record with its newline, or a part of one, which is counted. */
  grow(bytes: number): void {
    if (bytes >= MAX_DATAGRAM_BYTES) {
      this.#pipeline.truncated();
      return;
    }
    if (bytes === 0) return;
    this.#length += bytes;
    if (this.buffer[this.#length - 1] !== NEWLINE) this.buffer[this.#length++] = NEWLINE;
  }

  /** Hands over what was taken in. */
  flush(): void {
    const length = this.#length;
    this.#length = 0;
    this.#pipeline.pushDatagrams(this.buffer.subarray(0, length));
  }
}
