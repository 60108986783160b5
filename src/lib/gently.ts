import { setTimeout as pause } from 'node:timers/promises';

/**
 * Work that pauses where others may have their turn: it yields now and then, and returns its result. The same work runs at once for
 * who cannot wait, and gently beside what must not wait for it.
 */
export type Steps<T> = Generator<void, T, void>;

/** How long a piece of work keeps others waiting. What is meant to be done within 50 ms has some ten turns to wait for. */
const SLICE_MS = 4;
/** And how long others then have the processor to themselves. */
const BREATH_MS = 1;
/** Items between two looks at the clock: some 100 microseconds of work. */
const STRIDE = 256;
/** Runs that are sorted in one go; 2,000 strings take a millisecond. */
const RUN = 2048;

/** Runs work to its end without a pause. */
export function atOnce<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Runs work in slices, between which everything else has its turn.
 * @throws the signal's reason when it is aborted.
 */
export async function gently<T>(work: Steps<T>, signal?: AbortSignal): Promise<T> {
  let end = performance.now() + SLICE_MS;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() < end) continue;
    // Not merely a turn of the loop: what is quick has ten steps to take, and would take one between any two slices.
    await pause(BREATH_MS);
    signal?.throwIfAborted();
    end = performance.now() + SLICE_MS;
  }
}

/** The items one by one, with a pause after every few. */
export function* steps<T>(items: Iterable<T>, each: (item: T) => void): Steps<void> {
  let left = STRIDE;
  for (const item of items) {
    each(item);
    if (--left > 0) continue;
    left = STRIDE;
    yield;
  }
}

/** A sorted copy, with pauses. Equal items keep their order. */
export function* sortedInSteps<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const [left = [], right] = [runs[at], runs[at + 1]];
      merged.push(right === undefined ? left : yield* mergeOf(left, right, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergeOf<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Steps<readonly T[]> {
  const merged: T[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    const [a, b] = [left[l] as T, right[r] as T];
    if (compare(a, b) <= 0) {
      merged.push(a);
      l++;
    } else {
      merged.push(b);
      r++;
    }
    if (merged.length % STRIDE === 0) yield;
  }
  return [...merged, ...left.slice(l), ...right.slice(r)];
}
