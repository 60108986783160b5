/** The intake thread reports at least every second; this much silence means that it hangs. */
export const MAX_INTAKE_SILENCE_MS = 30_000;

/** What health is told from. */
export interface HealthFacts {
  /** The EVE socket is bound. */
  readonly isEveBound: boolean;
  readonly isStoreOpen: boolean;
  readonly isStopping: boolean;
  /** When the intake thread was last heard, epoch milliseconds. */
  readonly intakeHeardAt: number;
}

/** Healthy, or everything that is not, one phrase each. */
export interface Health {
  readonly isHealthy: boolean;
  readonly problems: readonly string[];
}

/** Whether the process is alive (`/healthz`, systemd's watchdog): when it is not, only a restart helps. */
export function liveness(facts: HealthFacts, now: number): Health {
  const silentMs = now - facts.intakeHeardAt;
  const isHanging = !facts.isStopping && silentMs > MAX_INTAKE_SILENCE_MS;
  return health(isHanging ? [`intake silent for ${Math.floor(silentMs / 1000)} s`] : []);
}

/** Whether events are taken and kept (`/readyz`). Nothing outside this machine counts: it may be away for days. */
export function readiness(facts: HealthFacts): Health {
  const problems: string[] = [];
  if (facts.isStopping) problems.push('stopping');
  if (!facts.isEveBound) problems.push('EVE socket not bound');
  if (!facts.isStoreOpen) problems.push('store not open');
  return health(problems);
}

function health(problems: readonly string[]): Health {
  return { isHealthy: problems.length === 0, problems };
}
