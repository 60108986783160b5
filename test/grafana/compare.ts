import assert from 'node:assert/strict';
import type { Answer } from './ask.ts';
import type { Shipped } from './dashboard-file.ts';
import type { Cell, Expected } from './tally.ts';

/** A ratio has four decimals more than what it is made of. */
const TOLERANCE = 6e-5;

/** Equal, or two numbers that differ by rounding. */
export function isSame(found: Cell, wanted: Cell): boolean {
  if (typeof found === 'number' && typeof wanted === 'number')
    return Math.abs(found - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
  return found === wanted;
}

/** Rows in an order that depends on texts and dates first, so that rounding does not change it. */
function sorted(rows: readonly (readonly Cell[])[], kinds: string): readonly (readonly Cell[])[] {
  const key = (row: readonly Cell[]) => {
    const [texts, numbers] = ['n', ''].map((skipped) =>
      row.filter((_, at) => (kinds[at] === 'n') === (skipped === '')),
    );
    return JSON.stringify([
      texts,
      numbers?.map((cell) => (typeof cell === 'number' ? cell.toFixed(2).padStart(20) : cell)),
    ]);
  };
  return rows
    .map((row) => [key(row), row] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, row]) => row);
}

/** Column by column and row by row. */
export function assertSame({ name }: Shipped, found: Answer, wanted: Expected): void {
  assert.deepEqual(found.columns, wanted.columns, `${name}: columns`);
  assert.equal(found.kinds, wanted.kinds, `${name}: kinds of columns`);
  assert.equal(found.rows.length, wanted.rows.length, `${name}: rows`);
  const [a, b] = [sorted(found.rows, wanted.kinds), sorted(wanted.rows, wanted.kinds)];
  for (const [at, row] of a.entries()) {
    const other = b[at] ?? [];
    const isEqual = row.length === other.length && row.every((cell, column) => isSame(cell, other[column] ?? null));
    if (!isEqual) assert.deepEqual(row, other, `${name}: row ${at} of ${a.length}`);
  }
}

/** What Grafana needs of the answer, whatever is in it. */
export function assertUsable(query: Shipped, { columns, kinds, rows }: Answer): void {
  if (query.format === 'time_series') {
    assert.equal(columns[0], 'time', query.name);
    assert.equal(kinds[0], 'n', query.name);
    const times = rows.map(([time]) => Number(time));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
      `${query.name}: sorted by time`,
    );
    if (columns.includes('metric'))
      assert.equal(columns.length, 3, `${query.name}: series named by metric have three columns`);
  }
  if (query.kind === 'alert') {
    assert.equal([...kinds].filter((kind) => kind === 'n').length, 1, `${query.name}: one number`);
    const labels = rows.map((row) => JSON.stringify(row.filter((_, at) => kinds[at] === 't')));
    assert.equal(new Set(labels).size, labels.length, `${query.name}: labels are unique`);
    assert.ok(
      rows.every((row) => row.every((cell) => cell !== null)),
      `${query.name}: no empty cell`,
    );
  }
}
