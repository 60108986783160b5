import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { unpack } from '../../../src/sources/feeds/unpack.ts';

const LIMITS = { maxBytes: 1_000_000, maxUnpackedBytes: 1_000_000 };
const TEXT = Array.from({ length: 2_000 }, (_, at) => `${at},name-${at}.com\n`).join('');

/** A zip as the hosts of popularity lists make it: one deflated file, its sizes behind it, then the directory. */
function zip(text: string, method = 8): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32BE(0x504b0304, 0);
  header.writeUInt16LE(8, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt16LE(9, 26);
  header.writeUInt16LE(4, 28);
  return Buffer.concat([
    header,
    Buffer.from('top-1m.csvext'.slice(0, 13)),
    deflateRawSync(text),
    Buffer.from('PK\x07\x08sizes and PK\x01\x02 directory'),
  ]);
}

async function read(
  bytes: Buffer,
  options: { isGzip?: boolean; chunkBytes?: number; limits?: typeof LIMITS } = {},
): Promise<string> {
  const { isGzip = false, chunkBytes = 100, limits = LIMITS } = options;
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, at) =>
    bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes),
  );
  const out: Buffer[] = [];
  for await (const chunk of unpack(Readable.from(chunks, { objectMode: false }), isGzip, limits)) out.push(chunk);
  return Buffer.concat(out).toString();
}

test('unpack() gives plain bytes, gzip by header or by magic, both, and the first file of a zip', async () => {
  for (const chunkBytes of [1, 29, 4096]) {
    assert.equal(await read(Buffer.from(TEXT.slice(0, 500)), { chunkBytes }), TEXT.slice(0, 500));
    assert.equal(await read(gzipSync(TEXT), { chunkBytes }), TEXT);
    assert.equal(await read(gzipSync(TEXT), { isGzip: true, chunkBytes }), TEXT);
    assert.equal(await read(gzipSync(gzipSync(TEXT)), { isGzip: true, chunkBytes }), TEXT);
    assert.equal(await read(zip(TEXT), { chunkBytes }), TEXT);
  }
  assert.equal(await read(Buffer.alloc(0)), '');
  assert.equal(await read(Buffer.from('a')), 'a');
});

test('unpack() throws for a cut body, a wrong encoding, a stored zip and a body that is too long', async () => {
  for (const cut of [12, 500, 3_000]) {
    await assert.rejects(read(gzipSync(TEXT).subarray(0, cut)), /unexpected end of file/);
    await assert.rejects(read(zip(TEXT).subarray(0, 43 + cut)), /unexpected end of file/);
  }
  await assert.rejects(read(Buffer.from(TEXT), { isGzip: true }), /incorrect header check/);
  await assert.rejects(read(zip(TEXT, 0)), /no deflated file/);
  await assert.rejects(read(Buffer.from(TEXT), { limits: { ...LIMITS, maxBytes: 1_000 } }), /longer than 1000 bytes,/);
  await assert.rejects(
    read(gzipSync(TEXT), { limits: { ...LIMITS, maxUnpackedBytes: 1_000 } }),
    /longer than 1000 bytes after/,
  );
});
