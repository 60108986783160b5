import { OperatorError, UnavailableError } from '../../core/errors.ts';
import type { Log } from '../../lib/log.ts';
import { HistoryTally } from './history-tally.ts';
import { HitReader, type PiholeHit, type PresentSlot } from './hit-reader.ts';
import type { PiholeClient } from './pihole-client.ts';
import { figuresOf, type HistorySlot, type PiholeFigures, slotsOf } from './pihole-figures.ts';
import { NoApiError } from './pihole-problem.ts';

/** What a Pi-hole did, as it is kept. */
export interface PiholeStep {
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
  readonly blocking: boolean | undefined;
}

/** What the poll works with. */
export interface PiholePollOptions {
  /** Shared with whoever blocks there: one session for both. */
  readonly client: PiholeClient;
  /** The address of our list, as Pi-hole subscribes to it. */
  readonly listAddress: string;
  /** What happened there around `at`, to be added to what is known of that minute. */
  readonly onStep: (at: number, step: PiholeStep) => void;
  /** Who asked for what we block, lately. */
  readonly onHits: (at: number, hits: readonly PiholeHit[]) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** How the poll stands. */
export interface PiholeReading {
  /** The last figures, and when they were read; absent until then. */
  readonly figures?: PiholeFigures;
  readonly readAt?: number;
  /** Why the last attempt brought nothing, with what to do about it. */
  readonly problem?: string;
  /** Blocked queries that were too many to look at, since the start. */
  readonly missedQueries: number;
}

/** All of it together costs FTL about 10 ms. */
const POLL_MS = 15_000;
/** A Pi-hole that is away is asked less and less; one without an API is not going to grow one. */
const POLL_MAX_MS = 5 * 60_000;
const SLOT_MS = 10 * 60_000;

/** Reads what a Pi-hole 6 does, as often as its dashboard would, and makes differences of it. */
export class PiholePoll {
  readonly #options: PiholePollOptions;
  readonly #tally = new HistoryTally();
  readonly #hits: HitReader;
  #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  #failures = 0;
  #figures: PiholeFigures | undefined;
  #readAt: number | undefined;
  #problem: string | undefined;

  constructor(options: PiholePollOptions) {
    this.#options = options;
    this.#hits = new HitReader(options.client, options.listAddress);
  }

  start(): void {
    this.#abort = new AbortController();
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#polling;
  }

  reading(): PiholeReading {
    return {
      ...(this.#figures === undefined ? {} : { figures: this.#figures }),
      ...(this.#readAt === undefined ? {} : { readAt: this.#readAt }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      missedQueries: this.#hits.missed,
    };
  }

  /** Reads once. Never throws: what went wrong stands in `reading`, and nothing else waits for this. */
  async poll(): Promise<void> {
    const { signal } = this.#abort;
    try {
      await this.#read(signal);
      if (this.#problem !== undefined) this.#options.log.info('figures of pi-hole are back');
      this.#problem = undefined;
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { client, now } = this.#options;
    // One after the other: FTL serves DNS beside it, and nobody is in a hurry.
    const answers = {
      summary: await client.read('/stats/summary', signal),
      ftl: await client.read('/info/ftl', signal),
      metrics: await client.read('/info/metrics', signal),
      blocking: await client.read('/dns/blocking', signal),
    };
    const figures = figuresOf(answers);
    if (figures === undefined)
      throw new UnavailableError('Cannot read the figures of Pi-hole: they are of another shape', {
        hint: 'Check that pihole.url is where a Pi-hole 6 answers.',
      });
    const slots = slotsOf(await client.read('/history', signal));
    const isRestarted = this.#figures !== undefined && isAnotherRun(this.#figures, figures);
    this.#figures = figures;
    this.#readAt = now();
    const steps = this.#tally.take(slots, isRestarted);
    // Told also when nothing happened, so that a minute says whether it was blocking.
    const idle = { queries: 0, blocked: 0, cached: 0, forwarded: 0, slotsAgo: 0 };
    for (const { slotsAgo, ...counts } of [...steps.filter((step) => step.slotsAgo > 0), steps.find(isPresent) ?? idle])
      this.#options.onStep(now() - slotsAgo * SLOT_MS, {
        ...counts,
        blocking: slotsAgo === 0 ? figures.blocking : undefined,
      });
    const hits = await this.#hits.read(presentSlot(slots), signal);
    if (hits.length > 0) this.#options.onHits(now(), hits);
  }

  #fail(error: unknown): void {
    this.#failures = error instanceof NoApiError ? Number.POSITIVE_INFINITY : this.#failures + 1;
    const problem = problemText(error);
    // Once for each trouble, not every quarter of a minute.
    if (problem !== this.#problem) this.#options.log.warn('cannot read figures of pi-hole', { err: error });
    this.#problem = problem;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#polling = this.poll().then(() => {
        if (!this.#abort.signal.aborted) this.#schedule(Math.min(POLL_MS * 2 ** this.#failures, POLL_MAX_MS));
      });
    }, delayMs);
  }
}

/** FTL names a slot by its middle. Without a history its clock is not known. */
function presentSlot(slots: readonly HistorySlot[]): PresentSlot {
  const last = slots.at(-1);
  const half = SLOT_MS / 2 / 1000;
  return last === undefined
    ? { begin: 0, end: Number.POSITIVE_INFINITY }
    : { begin: last.timestamp - half, end: last.timestamp + half };
}

function isPresent({ slotsAgo }: { readonly slotsAgo: number }): boolean {
  return slotsAgo === 0;
}

function isAnotherRun(before: PiholeFigures, now: PiholeFigures): boolean {
  return before.pid !== now.pid || now.uptimeMs < before.uptimeMs;
}

function problemText(error: unknown): string {
  if (!(error instanceof OperatorError)) return error instanceof Error ? error.message : String(error);
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}
