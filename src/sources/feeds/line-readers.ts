import { csvFields } from './csv-fields.ts';
import type { Feed, FeedCondition } from './feed.ts';
import type { FeedEntry } from './feed-entry.ts';
import { FeedProblem } from './feed-problem.ts';

/** The entries of one line: none for a comment or for what a condition leaves out. */
export type LineReader = (line: string) => readonly FeedEntry[] | 'unreadable';

const NOTHING: readonly FeedEntry[] = [];
const COMMENT = /^\s*(?:[#!;]|\/\/|$)/;

/** The reader of a line of a feed. It may remember what came before (the header of a csv). */
export function lineReaderOf(feed: Feed): LineReader {
  switch (feed.format) {
    case 'hosts':
      return (line) => (COMMENT.test(line) ? NOTHING : hostsEntries(line));
    case 'urls':
      return (line) => (COMMENT.test(line) ? NOTHING : [{ text: line.trim() }]);
    case 'ranked':
      return (line) => (COMMENT.test(line) ? NOTHING : rankedEntry(line));
    case 'csv':
      return csvReader(feed);
    case 'ndjson':
      return ndjsonReader(feed);
    default:
      return (line) => (COMMENT.test(line) ? NOTHING : [{ text: firstWord(line) }]);
  }
}

/** The first word: what follows is a comment or a count. `*.` before a name says what a name means here anyway. */
function firstWord(line: string): string {
  const word = /^\s*([^\s#;,]+)/.exec(line)?.[1] ?? '';
  return word.startsWith('*.') ? word.slice(2) : word;
}

/** hosts(5): an address, then names. */
function hostsEntries(line: string): readonly FeedEntry[] | 'unreadable' {
  const [address, ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
  if (address === undefined || !/^[0-9a-f.:]+$/i.test(address) || names.length === 0) return 'unreadable';
  return names.filter((name) => !LOCAL_NAMES.has(name.toLowerCase())).map((text) => ({ text }));
}

/** The names every hosts file begins with: this machine's own. */
const LOCAL_NAMES = new Set([
  'localhost',
  'localhost.localdomain',
  'local',
  'broadcasthost',
  'ip6-localhost',
  'ip6-loopback',
  'ip6-localnet',
  'ip6-mcastprefix',
  'ip6-allnodes',
  'ip6-allrouters',
  'ip6-allhosts',
  '0.0.0.0',
]);

function rankedEntry(line: string): readonly FeedEntry[] | 'unreadable' {
  const found = /^\s*"?(\d{1,9})"?\s*,\s*"?([^",\s]+)"?/.exec(line);
  return found === null ? 'unreadable' : [{ rank: Number(found[1]), text: found[2] ?? '' }];
}

function csvReader(feed: Feed): LineReader {
  const wanted = [feed.column ?? '1', ...(feed.conditions ?? []).map((condition) => condition.column)];
  const byNumber = wanted.every(isNumber);
  let places: ReadonlyMap<string, number> | undefined = byNumber ? placesOf(wanted, []) : undefined;
  return (line) => {
    const isComment = COMMENT.test(line);
    if (isComment && (byNumber || places !== undefined)) return NOTHING;
    // abuse.ch writes the header as its last comment.
    const fields = csvFields(isComment ? line.replace(/^\s*#\s*/, '') : line);
    if (fields === undefined) return isComment ? NOTHING : 'unreadable';
    if (places !== undefined) return csvEntry(fields, places, feed);
    places = placesOf(wanted, fields);
    if (places === undefined && !isComment) throw noColumn(feed, fields);
    return NOTHING;
  };
}

function csvEntry(
  fields: readonly string[],
  places: ReadonlyMap<string, number>,
  feed: Feed,
): readonly FeedEntry[] | 'unreadable' {
  const value = (column: string): string | undefined => fields[places.get(column) ?? -1];
  const text = value(feed.column ?? '1');
  if (text === undefined) return 'unreadable';
  return (feed.conditions ?? []).every((one) => holds(one, value(one.column))) ? [{ text }] : NOTHING;
}

/** Where the wanted columns stand, or undefined when `header` does not have them all. */
function placesOf(wanted: readonly string[], header: readonly string[]): ReadonlyMap<string, number> | undefined {
  const names = header.map((name) => name.trim().toLowerCase());
  const places = new Map<string, number>();
  for (const column of wanted) {
    const place = isNumber(column) ? Number(column) - 1 : names.indexOf(column.toLowerCase());
    if (place < 0) return undefined;
    places.set(column, place);
  }
  return places;
}

function isNumber(column: string): boolean {
  return /^[1-9]\d{0,3}$/.test(column);
}

function noColumn(feed: Feed, fields: readonly string[]): FeedProblem {
  const header = fields
    .slice(0, 12)
    .join(', ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 120);
  return new FeedProblem(`Cannot read feed "${feed.name}": its columns are "${header}", want "${feed.column}"`, {
    hint: 'Set column to the header or the number of the column with the entries.',
  });
}

function ndjsonReader(feed: Feed): LineReader {
  const path = (feed.column ?? 'value').split('.');
  return (line) => {
    if (COMMENT.test(line)) return NOTHING;
    const json = parsed(line);
    if (typeof json !== 'object' || json === null) return 'unreadable';
    const text = fieldAt(json, path);
    // A line without the field is about the feed itself: Spamhaus ends with such a one.
    if (typeof text !== 'string') return NOTHING;
    const matches = (feed.conditions ?? []).every((one) => holds(one, fieldAt(json, one.column.split('.'))));
    return matches ? [{ text }] : NOTHING;
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function fieldAt(json: unknown, path: readonly string[]): unknown {
  let at = json;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

function holds(condition: FeedCondition, value: unknown): boolean {
  if ('is' in condition) return String(value) === condition.is;
  return value !== undefined && value !== '' && Number(value) >= condition.atLeast;
}
