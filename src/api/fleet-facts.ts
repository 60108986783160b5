/** The other sensors on the same central database, as `guardian status` shows them. */
export interface FleetFacts {
  readonly state: 'in_reach' | 'away';
  /** The server in use. */
  readonly where: string;
  /** Why it is away. */
  readonly why?: string;
  readonly lastHeardAt?: number;
  /** Sensors that share the key, this one included. While the centre is away: how many there were. */
  readonly sensors: number;
  /** Questions of today, by this sensor and by the others, as of when they were heard last. */
  readonly askedHere: number;
  readonly askedElsewhere: number;
  /** Questions asked since the start while the centre was away, out of this sensor's part. */
  readonly askedAlone: number;
  /** Questions that needed not be asked, ever: another sensor had the answer. */
  readonly lookupsSaved: number;
  /** Reports of other sensors taken over since the start. */
  readonly reportsTaken: number;
  /** Rows of the central database that were not believed, since the start. */
  readonly refused: number;
  /** Words for all sensors that the central database does not know yet. */
  readonly wordsUntold: number;
}
