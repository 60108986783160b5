import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { FeedProblem } from './feed-problem.ts';

/** Bounds of one body. */
export interface UnpackLimits {
  /** As it comes over the wire. */
  readonly maxBytes: number;
  /** After decompression: a small file can hold an endless one. */
  readonly maxUnpackedBytes: number;
}

const GZIP_MAGIC = 0x1f8b;

/** Bytes of a zip's first header before its variable part (PKWARE APPNOTE 4.3.7). */
const ZIP_HEADER_BYTES = 30;

/**
 * Gives the bytes of a body, unpacked where they are gzip (by `isGzip` or by their first bytes) or a zip, of which the
 * first file is read. An error of any layer ends the iteration with a throw: a cut body is never taken for a whole one.
 */
export async function* unpack(body: Readable, isGzip: boolean, limits: UnpackLimits): AsyncGenerator<Buffer, void> {
  let stream: Readable = through(body, new Limit(limits.maxBytes, 'bytes'));
  if (isGzip) stream = through(stream, createGunzip());
  const { head, whole } = await peek(stream, ZIP_HEADER_BYTES);
  stream = whole;
  if (head.length >= 2 && head.readUInt16BE(0) === GZIP_MAGIC) stream = through(stream, createGunzip());
  else if (head.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    stream = through(through(stream, new ZipEntry()), createInflateRaw());
  }
  stream = through(stream, new Limit(limits.maxUnpackedBytes, 'bytes after decompression'));
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } finally {
    body.destroy();
  }
}

function through(from: Readable, to: Transform): Readable {
  // The error itself reaches whoever reads `to`.
  return pipeline(from, to, () => undefined);
}

/** The first bytes of a stream (fewer where it is shorter), and the whole of it again. */
async function peek(stream: Readable, count: number): Promise<{ readonly head: Buffer; readonly whole: Readable }> {
  const chunks: Buffer[] = [];
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (let bytes = 0; bytes < count; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    bytes += next.value.length;
  }
  return { head: Buffer.concat(chunks), whole: Readable.from(joined(chunks, iterator), { objectMode: false }) };
}

async function* joined(first: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

class Limit extends Transform {
  readonly #max: number;
  readonly #unit: string;
  #bytes = 0;

  constructor(max: number, unit: string) {
    super();
    this.#max = max;
    this.#unit = unit;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#max) done(null, chunk);
    else done(new FeedProblem(`Cannot read the list: it is longer than ${this.#max} ${this.#unit}, want at most that`));
  }
}

/** Drops the header of a zip's first entry. The deflate stream behind it knows its own end, and what follows is ignored. */
class ZipEntry extends Transform {
  #head: Buffer | undefined = Buffer.alloc(0);
  #toSkip = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const known = this.#head === undefined ? chunk : this.#readHead(this.#head, chunk);
    if (known instanceof FeedProblem) {
      done(known);
      return;
    }
    const skipped = Math.min(this.#toSkip, known.length);
    this.#toSkip -= skipped;
    done(null, known.subarray(skipped));
  }

  #readHead(before: Buffer, chunk: Buffer): Buffer | FeedProblem {
    const head = Buffer.concat([before, chunk]);
    if (head.length < ZIP_HEADER_BYTES) {
      this.#head = head;
      return Buffer.alloc(0);
    }
    if (head.readUInt16LE(8) !== DEFLATE) {
      return new FeedProblem('Cannot read the list: its zip holds no deflated file, want one');
    }
    this.#toSkip = ZIP_HEADER_BYTES + head.readUInt16LE(26) + head.readUInt16LE(28);
    this.#head = undefined;
    return head;
  }
}

const DEFLATE = 8;
