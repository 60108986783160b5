import { type AllowanceView, sum } from './allowance-view.ts';
import type { Draw, DrawRefusal, Spent } from './shared-allowance.ts';

/** What a sensor remembers of its fleet. */
export interface LoneMemory {
  recall(name: 'fleet'): string | undefined;
  remember(name: 'fleet', value: string): void;
}

export interface LoneShareOptions {
  readonly memory: LoneMemory;
  readonly now: () => number;
  /** How many share the account at the least, by whatever else is known. */
  readonly atLeast?: () => number;
}

/** How the account stood when the centre was last in reach. */
interface Standing {
  readonly members: number;
  readonly day: number;
  /** Drawn that day by the others. */
  readonly others: number;
  /** Spent that day by this sensor, by its own account book. */
  readonly own: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ALONE: Standing = { members: 1, day: 0, others: 0, own: 0 };

/**
 * What a sensor may spend while the centre is away: its equal part of what was left when it was last in reach, so that all of them
 * together stay within the allowance whoever is cut off from whom. One that never reached the centre has nobody to share with.
 */
export class LoneShare {
  readonly #options: LoneShareOptions;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(options: LoneShareOptions) {
    this.#options = options;
  }

  /** How many shared the account when the centre was last in reach. */
  get members(): number {
    return this.#standing().members;
  }

  /** Remembers how the account stands. */
  note(view: AllowanceView | undefined, spent: Spent): void {
    if (view === undefined) return;
    const others = sum(view.othersByLane.values());
    const own = sum(spent.byLane.values());
    const { memory } = this.#options;
    const text = JSON.stringify({ members: view.members, day: spent.dayStartsAt, others, own } satisfies Standing);
    if (memory.recall('fleet') !== text) memory.remember('fleet', text);
  }

  /** Takes one question of this sensor's share. */
  take({ lane, limits, spentHere }: Draw): { readonly granted: true; readonly alone: true } | DrawRefusal {
    const now = this.#options.now();
    const { members, own, others } = this.#today(now);
    const share = own + Math.floor(Math.max(0, limits.day - others - own) / members);
    if (spentHere >= share)
      return { granted: false, why: 'spent', retryAt: Math.floor(now / DAY_MS) * DAY_MS + DAY_MS };
    const spacing = (MINUTE_MS * members) / Math.max(1, limits.minute);
    const since = Math.abs(now - this.#lastAt);
    // A person does not wait for a turn; the minute of the whole account bears one question more.
    if (members > 1 && lane !== 'manual' && since < spacing)
      return { granted: false, why: 'minute', retryAt: now + Math.ceil(spacing - since) };
    this.#lastAt = now;
    return { granted: true, alone: true };
  }

  #today(now: number): Standing {
    const standing = this.#standing();
    return standing.day === Math.floor(now / DAY_MS) * DAY_MS ? standing : { ...standing, own: 0, others: 0 };
  }

  #standing(): Standing {
    const { memory, atLeast } = this.#options;
    const text = memory.recall('fleet');
    const known = text === undefined ? ALONE : (JSON.parse(text) as Standing);
    return { ...known, members: Math.max(known.members, atLeast?.() ?? 1) };
  }
}
