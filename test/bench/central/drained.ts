/** What draining came to. */
export interface Drained {
  readonly perSecond: number;
  readonly grownMb: number;
  readonly peakMb: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly worstLagMs: number;
}

/** How long new sightings come at an even pace when the backlog is gone, and how many a second. */
export const STEADY_SECONDS = 20;
export const STEADY_RATE = 200;
