/** The numbers an operator may turn. All of them are keys below `policy:` in the configuration. */
export interface Policy {
  /** Engines from which an observable is suspicious: watched and shown. */
  readonly suspiciousAt: number;
  /** Independent engines from which it is malicious and may be blocked. */
  readonly maliciousAt: number;
  /** Independent engines from which no cap applies. */
  readonly strongAt: number;
  /** Devices that used it on 3 or more days from which a new block waits for a person. */
  readonly holdIfSeenBy: number;
  /** A block ends this long after its evidence was last confirmed. */
  readonly blockExpiresMs: number;
}

/** DESIGN decision 7. */
export const DEFAULT_POLICY: Policy = {
  suspiciousAt: 2,
  maliciousAt: 5,
  strongAt: 10,
  holdIfSeenBy: 3,
  blockExpiresMs: 7 * 24 * 3_600_000,
};
