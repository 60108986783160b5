import type { Download } from './download.ts';
import type { Feed } from './feed.ts';
import type { FeedBook, FeedRow } from './feed-book.ts';
import { FeedProblem } from './feed-problem.ts';
import type { FeedReading } from './feed-reading.ts';
import type { Pace } from './pace.ts';
import { type UnpackLimits, unpack } from './unpack.ts';

/** One event of a MISP feed and the version of it that the manifest names. */
export interface MispEvent {
  readonly uuid: string;
  readonly version: string;
}

/** Events fetched in one refresh at most, the newest first; the others follow with the next ones. */
const MAX_FETCHED = 200;

/** Events read at all, the newest: older ones are history. */
const MAX_EVENTS = 1_000;

/** Kept keys taken over between two looks at the clock. */
const KEYS_AT_ONCE = 500;

/** A manifest has a few hundred bytes per event and is parsed whole. */
const MANIFEST_LIMITS: UnpackLimits = { maxBytes: 2 * 1024 * 1024, maxUnpackedBytes: 2 * 1024 * 1024 };

/** What reading a MISP feed needs. */
export interface MispReading {
  readonly feed: Feed;
  readonly book: FeedBook;
  readonly reading: FeedReading;
  readonly pace: Pace;
  readonly open: (file: string) => Promise<Download>;
  readonly take: (rows: readonly FeedRow[]) => void;
}

/**
 * Reads the events of a MISP feed: those it has not in this version are fetched, the others come from the book, so that
 * a feed of a thousand events costs a handful of requests. Says whether every event was read.
 * @throws FeedProblem; what was fetched until then is kept and not fetched again.
 */
export async function readMispFeed(manifest: Download & { kind: 'body' }, options: MispReading): Promise<boolean> {
  const { feed, book } = options;
  const events = await readManifest(feed, manifest);
  let fetched = 0;
  for (const { uuid, version } of events) {
    const kept = book.part(feed.name, uuid, version);
    if (kept !== undefined) await takeKept(kept, options);
    else if (fetched < MAX_FETCHED) {
      fetched += 1;
      await fetchEvent({ uuid, version }, options);
    }
  }
  book.retainParts(
    feed.name,
    events.map((event) => event.uuid),
  );
  return fetched < MAX_FETCHED;
}

async function takeKept(keys: readonly string[], { pace, take }: MispReading): Promise<void> {
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    take(keys.slice(at, at + KEYS_AT_ONCE).map((key) => ({ key, rank: null })));
    await pace.breathe();
  }
}

async function fetchEvent({ uuid, version }: MispEvent, options: MispReading): Promise<void> {
  const { feed, book, reading, open, take } = options;
  const body = await open(`${uuid}.json`);
  if (body.kind !== 'body') throw new FeedProblem(`Cannot read feed "${feed.name}": event ${uuid} has no body`);
  const keys: string[] = [];
  await reading.read(body, (rows) => {
    take(rows);
    for (const { key } of rows) keys.push(key);
  });
  book.keepPart(feed.name, uuid, version, keys);
}

async function readManifest(feed: Feed, body: Download & { kind: 'body' }): Promise<readonly MispEvent[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of unpack(body.stream, body.isGzip, MANIFEST_LIMITS)) chunks.push(chunk);
  const events = eventsOf(Buffer.concat(chunks).toString('utf8'));
  if (events === undefined) {
    throw new FeedProblem(`Cannot read feed "${feed.name}": its manifest is no object of events, want a MISP manifest`);
  }
  return events;
}

/** The newest events of a manifest; undefined when it is none. Only a UUID becomes part of an address. */
export function eventsOf(text: string): readonly MispEvent[] | undefined {
  const manifest = parsed(text);
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) return undefined;
  const events = Object.entries(manifest).flatMap(([uuid, meta]) => {
    const timestamp = Number((meta as { timestamp?: unknown } | null)?.timestamp);
    const isEvent = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid) && timestamp > 0;
    return isEvent ? [{ uuid, version: String(timestamp), timestamp }] : [];
  });
  return events.sort((a, b) => b.timestamp - a.timestamp).slice(0, MAX_EVENTS);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
