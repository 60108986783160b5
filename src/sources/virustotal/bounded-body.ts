import { UnavailableError } from '../../core/errors.ts';

/**
 * Reads a response's text, at most `maxBytes` of it after decompression. A longer body is cut off unread:
 * neither a huge answer nor a small one that unpacks into a huge one costs memory.
 *
 * @throws UnavailableError when the body is longer; whatever the stream throws when it breaks.
 */
export async function readBoundedBody(response: Response, maxBytes: number): Promise<string> {
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (response.body === null) return '';
  if (announced > maxBytes) {
    await discard(response.body);
    throw tooLong(`${announced} bytes`, maxBytes);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw tooLong(`more than ${maxBytes} bytes`, maxBytes);
    }
    chunks.push(value);
  }
}

async function discard(body: ReadableStream<Uint8Array>): Promise<void> {
  await body.cancel().catch(() => undefined);
}

function tooLong(found: string, maxBytes: number): UnavailableError {
  return new UnavailableError(`Cannot read the answer of VirusTotal: it is ${found} long, want at most ${maxBytes}`);
}
