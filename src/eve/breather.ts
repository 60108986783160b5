/**
 * How long the kernel gathers. A sender's socket holds some 167 records of 620 bytes (`net.core.wmem_default`) and
 * Suricata drops what does not fit: a millisecond leaves room for 10 times the 10,000 events/s of a busy gateway.
 */
const BREATH_MS = 1;

/**
 * Keeps a reading thread from waking up for every record. Suricata sends one record a send(), so a reader that is always
 * ready pays a wake-up, a 64 KiB buffer and a string for each 620 bytes; after a millisecond's sleep it pays once for
 * all that came. At a low rate the sleep delays a record by at most its length.
 *
 * It blocks the thread and does not use a timer with `pause()`, which would cost as much as it saves: only for a thread
 * that does nothing but receive.
 */
export class Breather {
  readonly #nobody = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #isDue = false;

  /**
   * Sleeps once before the next turn of the event loop, however many connections ask for it in this one. Not where what was read last
   * kept the thread busy for as long, since `busySince` of `performance.now()`: the kernel has gathered meanwhile.
   */
  rest(busySince: number): void {
    if (this.#isDue || performance.now() - busySince >= BREATH_MS) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      Atomics.wait(this.#nobody, 0, 0, BREATH_MS);
    });
  }
}
