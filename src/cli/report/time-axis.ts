const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Distances between ticks: people think in these. */
const TICKS_MS = [
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  5 * DAY_MS,
  7 * DAY_MS,
  14 * DAY_MS,
  30 * DAY_MS,
  60 * DAY_MS,
];
/** So many labels fit on a phone. */
const MOST_TICKS = 8;

/** A moment on the axis: where, and what it is called. */
export interface Tick {
  /** From 0 to 100. */
  readonly percent: number;
  readonly label: string;
}

/** The one axis of time that everything is drawn on. All of it is UTC. */
export class TimeAxis {
  readonly startAt: number;
  readonly endAt: number;
  readonly stepMs: number;

  /** The axis ends with the step that holds `untilAt`. */
  constructor(startAt: number, untilAt: number, stepMs: number) {
    this.startAt = startAt;
    this.stepMs = stepMs;
    this.endAt = Math.max(startAt + stepMs, untilAt - (untilAt % stepMs) + stepMs);
  }

  /** Whether a step or a moment lies on it: a clock that runs ahead brings some that do not. */
  holds(at: number): boolean {
    return at >= this.startAt && at < this.endAt;
  }

  /** Where a moment lies, from 0 to 100. */
  percentOf(at: number): number {
    return rounded((100 * (at - this.startAt)) / (this.endAt - this.startAt));
  }

  /** How wide a step is, from 0 to 100. */
  get stepPercent(): number {
    return rounded((100 * this.stepMs) / (this.endAt - this.startAt));
  }

  get ticks(): readonly Tick[] {
    const span = this.endAt - this.startAt;
    const every = TICKS_MS.find((ms) => span / ms <= MOST_TICKS) ?? (TICKS_MS.at(-1) as number);
    const first = Math.ceil(this.startAt / every) * every;
    const count = Math.max(0, Math.ceil((this.endAt - first) / every));
    return Array.from({ length: count }, (_, at) => first + at * every).map((at) => ({
      percent: this.percentOf(at),
      label: every < DAY_MS ? clockText(at) : dayText(at),
    }));
  }
}

/** `25 Nov`. */
export function dayText(at: number): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** `22:30`; midnight says which day begins. */
export function clockText(at: number): string {
  return at % DAY_MS === 0 ? dayText(at) : new Date(at).toISOString().slice(11, 16);
}

/** `25 Nov 22:30`. */
export function momentText(at: number): string {
  return `${dayText(at)} ${new Date(at).toISOString().slice(11, 16)}`;
}

function rounded(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}
