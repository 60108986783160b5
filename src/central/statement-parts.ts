import type { CentralConnection } from './central-connection.ts';

/** A statement's size, where the server allows more. Larger ones are no faster and hold locks for longer. */
const MAX_STATEMENT_BYTES = 1024 * 1024;
/** Room for the statement's head and tail within the server's limit. */
const STATEMENT_OVERHEAD_BYTES = 8 * 1024;

/** How many bytes of rows a server takes in one statement at all. */
export function mostBytesOf({ maxPacketBytes }: Pick<CentralConnection, 'maxPacketBytes'>): number {
  return maxPacketBytes - STATEMENT_OVERHEAD_BYTES;
}

/** Rows in parts that each fit one statement; a single row beyond that is a part of its own. */
export function* statementParts(
  rows: readonly string[],
  connection: Pick<CentralConnection, 'maxPacketBytes'>,
): Generator<readonly string[]> {
  const maxBytes = Math.min(MAX_STATEMENT_BYTES, mostBytesOf(connection));
  let part: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(row) + 2;
    if (bytes + size > maxBytes && part.length > 0) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(row);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
