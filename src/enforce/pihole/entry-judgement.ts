import type { PiholeFinding, PiholeRow } from './pihole-answers.ts';
import type { WantedEntry } from './wanted-entry.ts';

/** What stands in the way of an entry, or does its work already. */
export type EntryJudgement =
  /** Nothing: add it. */
  | { readonly kind: 'free' }
  /** Not ours, and it does what ours would do; or ours would do nothing. */
  | { readonly kind: 'settled' }
  /** A person wants it otherwise. */
  | { readonly kind: 'against'; readonly why: string }
  /** Pi-hole would not take it. */
  | { readonly kind: 'refused'; readonly why: string };

const FREE: EntryJudgement = { kind: 'free' };
const SETTLED: EntryJudgement = { kind: 'settled' };

/**
 * Whether an entry may and need be added, from what Pi-hole knows of its name. `isOurs` tells rows of ours;
 * `ourList` is the address of our list.
 */
export function judgeEntry(
  wanted: WantedEntry,
  finding: PiholeFinding,
  isOurs: (row: PiholeRow) => boolean,
  ourList: string,
): EntryJudgement {
  const rows = finding.rows.filter((row) => !isOurs(row));
  return wanted.place === 'allow/exact' ? judgeRelease(rows, finding, ourList) : judgeBlock(wanted, rows, finding);
}

/** What a row of a person's with the same name as ours means. */
export function judgeEqualRow(row: PiholeRow | undefined): EntryJudgement {
  return row?.enabled === false ? against("switched off in the user's own entry in Pi-hole") : SETTLED;
}

function judgeBlock(wanted: WantedEntry, rows: readonly PiholeRow[], finding: PiholeFinding): EntryJudgement {
  if (rows.some((row) => row.place.startsWith('allow/') && row.enabled))
    return against('allowed by the user in Pi-hole');
  // Ours would win over a subscribed allow-list, and a person subscribed to it on purpose.
  const list = finding.lists.find((one) => one.type === 'allow' && one.enabled);
  if (list !== undefined)
    return against(`allowed by the user in Pi-hole, through the list ${list.address.slice(0, 120)}`);
  const equal = rows.find((row) => row.place === wanted.place && row.domain === wanted.item);
  return equal === undefined ? FREE : judgeEqualRow(equal);
}

// An allow entry wins over everything, so it stands only where our list alone blocks the name.
function judgeRelease(rows: readonly PiholeRow[], finding: PiholeFinding, ourList: string): EntryJudgement {
  const blocking = finding.lists.filter((list) => list.type === 'block' && list.enabled);
  const onlyOurs = blocking.length > 0 && blocking.every((list) => list.address === ourList);
  return onlyOurs && !rows.some((row) => row.enabled) ? FREE : SETTLED;
}

function against(why: string): EntryJudgement {
  return { kind: 'against', why };
}
