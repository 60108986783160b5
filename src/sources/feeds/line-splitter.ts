import { StringDecoder } from 'node:string_decoder';

/** The longest line anybody's entry needs: a URL of 2048 characters with the columns around it. */
export const MAX_LINE_LENGTH = 16_384;

/**
 * Cuts a stream of bytes into lines. A line that is too long is skipped and counted, and costs no more memory than the
 * longest allowed one. Lines end with LF or CR LF; the last one may lack its end.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #skipping = false;
  #tooLong = 0;

  /** Lines that were skipped because of their length. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** The lines that `chunk` completes. */
  push(chunk: Buffer): string[] {
    return this.#cut(this.#decoder.write(chunk));
  }

  /** The last line, where it has no end. */
  end(): string[] {
    return this.#cut(`${this.#decoder.end()}\n`).filter((line) => line !== '');
  }

  #cut(text: string): string[] {
    const lines = text.split('\n');
    if (this.#skipping) {
      if (lines.length === 1) return [];
      this.#skipping = false;
      lines.shift();
    } else {
      lines[0] = this.#rest + (lines[0] ?? '');
    }
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_LINE_LENGTH) {
      this.#rest = '';
      this.#skipping = true;
      this.#tooLong += 1;
    }
    return lines.some((line) => line.length > MAX_LINE_LENGTH || line.endsWith('\r')) ? this.#trimmed(lines) : lines;
  }

  #trimmed(lines: readonly string[]): string[] {
    const kept: string[] = [];
    for (const line of lines) {
      if (line.length > MAX_LINE_LENGTH) this.#tooLong += 1;
      else kept.push(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    return kept;
  }
}
