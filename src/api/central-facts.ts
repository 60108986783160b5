/** The way to the central database, as `guardian status` shows it. */
export interface CentralFacts {
  readonly state: 'starting' | 'in_reach' | 'away';
  /** The server in use. */
  readonly where: string;
  /** Why it is away, what to do about it, and when it is tried again. */
  readonly why?: string;
  readonly hint?: string;
  readonly retryAt?: number;
  /** How far the centre is behind; absent where it never was up to date. */
  readonly lagMs?: number;
  /** Rows that wait, as they were counted last. */
  readonly outboxRows: number;
  /** Old sightings given up because too much waited, ever. */
  readonly thinned: number;
  /** Rows that the centre refuses for what is in them. */
  readonly setAside: number;
  /** The latest of those. */
  readonly refused: readonly { readonly relation: string; readonly at: number; readonly error: string }[];
}
