import { statfsSync } from 'node:fs';

/** What the outbox may take of the disk that holds the store. A gateway's card of 32 GB holds months of an absent centre in it. */
const SHARE = 0.02;
/** Measured: a mark with its share of the pages of its table, half of them not full. */
const BYTES_A_ROW = 64;
/** Marks are counted every few seconds, at a million in 50 ms. */
const MAX_ROWS = 10_000_000;
/** On a small disk too a day of a busy network is not given up. */
const MIN_ROWS = 100_000;

/** How many rows may wait for the central database before the oldest sightings are given up. */
export function outboxRowsFor(dataDir: string): number {
  const { blocks, bsize } = statfsSync(dataDir);
  return outboxRowsOfDisk(blocks * bsize);
}

/** The same for a disk of so many bytes. */
export function outboxRowsOfDisk(bytes: number): number {
  return Math.min(MAX_ROWS, Math.max(MIN_ROWS, Math.floor((bytes * SHARE) / BYTES_A_ROW)));
}
