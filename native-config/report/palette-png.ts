import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A palette holds at most so many colours. */
const MOST_COLOURS = 256;
/** Colour type and bytes a pixel of what Chromium writes: 8 bits a channel, with or without alpha. */
const BYTES_PER_PIXEL = new Map([
  [2, 3],
  [6, 4],
]);

interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0xRRGGBB, row by row. */
  readonly pixels: Uint32Array;
}

/**
 * A screenshot with its 256 most frequent colours, every other pixel the nearest of those: a page has few colours and many shades
 * between them. A third of the size. Reads 8-bit PNG without interlacing (RFC 2083), alpha left out.
 * @throws Error for any other.
 */
export function palettePng(png: Buffer): Buffer {
  const picture = decoded(png);
  const counts = new Map<number, number>();
  for (const pixel of picture.pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_COLOURS)
    .map(([colour]) => colour);
  const places = new Map(palette.map((colour, at) => [colour, at]));
  for (const colour of counts.keys()) if (!places.has(colour)) places.set(colour, nearest(colour, palette));
  return encoded(picture, palette, places);
}

function decoded(png: Buffer): Picture {
  const head = chunkOf(png, 'IHDR')[0] ?? Buffer.alloc(13);
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const bytes = BYTES_PER_PIXEL.get(head[9] ?? 0);
  if (!png.subarray(0, 8).equals(SIGNATURE) || head[8] !== 8 || bytes === undefined || head[12] !== 0)
    throw new Error('Cannot read the picture: it is no PNG of 8 bits a channel without interlacing');
  const rows = inflateSync(Buffer.concat(chunkOf(png, 'IDAT')));
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(width * bytes);
  for (let y = 0; y < height; y++) {
    const from = y * (width * bytes + 1);
    above = unfiltered(rows[from] ?? 0, rows.subarray(from + 1, from + 1 + width * bytes), above, bytes);
    for (let x = 0; x < width; x++) {
      const [red = 0, green = 0, blue = 0] = above.subarray(x * bytes, x * bytes + 3);
      pixels[y * width + x] = (red << 16) | (green << 8) | blue;
    }
  }
  return { width, height, pixels };
}

/** A row without its filter: each byte was stored as its difference to a guess (RFC 2083, 6). */
function unfiltered(filter: number, row: Uint8Array, above: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const clear = new Uint8Array(row.length);
  for (let at = 0; at < row.length; at++) {
    const left = at < bytes ? 0 : (clear[at - bytes] ?? 0);
    const up = above[at] ?? 0;
    const corner = at < bytes ? 0 : (above[at - bytes] ?? 0);
    const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
    clear[at] = (row[at] ?? 0) + (guesses[filter] ?? 0);
  }
  return clear;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function nearest(colour: number, palette: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [at, other] of palette.entries()) {
    const distance = squared(colour >> 16, other >> 16) + squared(colour >> 8, other >> 8) + squared(colour, other);
    if (distance >= least) continue;
    least = distance;
    best = at;
  }
  return best;
}

function squared(a: number, b: number): number {
  return ((a & 255) - (b & 255)) ** 2;
}

function encoded(
  { width, height, pixels }: Picture,
  palette: readonly number[],
  places: ReadonlyMap<number, number>,
): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  // One byte a pixel, and a first byte that says that no filter is used: palettes do not like any.
  const rows = Buffer.alloc(height * (width + 1));
  for (const [at, pixel] of pixels.entries()) rows[at + Math.floor(at / width) + 1] = places.get(pixel) ?? 0;
  const colours = Buffer.from(palette.flatMap((colour) => [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255]));
  const parts = [
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...parts]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function chunkOf(png: Buffer, wanted: string): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === wanted) found.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return found;
}
