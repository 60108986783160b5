/** How the rows of one relation are written to the central database. */
export interface CentralRelation {
  readonly table: string;
  /** Columns of the primary key that the store gives; `sensor` is added where the table has one. */
  readonly key: readonly string[];
  /** Columns that hold times: epoch milliseconds here, DATETIME(3) there. */
  readonly times: readonly string[];
  /** `owner`: part of the key. `author`: who wrote the row first. `shared`: the row belongs to nobody. */
  readonly sensor: 'owner' | 'author' | 'shared';
  /** Columns that several sensors agree on instead of overwriting: the least or greatest wins. */
  readonly merge?: Readonly<Record<string, 'LEAST' | 'GREATEST'>>;
  /** Column that holds when the row came, by the clock of the server: others read by it what is new, and sensors' clocks differ. */
  readonly stamp?: string;
  /** A row that is gone here goes there too. Elsewhere history is kept until the centre's own retention. */
  readonly deletes?: true;
}

/** Every relation by its name in the outbox. */
export const RELATIONS: ReadonlyMap<string, CentralRelation> = new Map(
  (
    [
      { table: 'overrides', key: ['pattern'], times: ['created', 'expires'], sensor: 'owner', deletes: true },
      {
        table: 'verdicts',
        key: ['kind', 'value'],
        times: ['since', 'judged', 'recheck', 'expires'],
        sensor: 'owner',
        deletes: true,
      },
      { table: 'verdict_history', key: ['kind', 'value', 'at'], times: ['at'], sensor: 'owner' },
      {
        table: 'indicators',
        key: ['kind', 'value', 'target'],
        times: ['published', 'proved', 'expires'],
        sensor: 'owner',
        deletes: true,
      },
      {
        table: 'scans',
        key: ['kind', 'value', 'source', 'scan_date'],
        times: ['scan_date', 'last_analysis_date'],
        sensor: 'author',
        stamp: 'received',
      },
      { table: 'lookups', key: ['at', 'source', 'kind', 'value'], times: ['at'], sensor: 'owner' },
      { table: 'quota', key: ['starts_at', 'source', 'quota_window'], times: ['starts_at'], sensor: 'owner' },
      {
        table: 'suricata_alerts',
        key: ['minute', 'sid', 'client', 'peer', 'kind', 'value'],
        times: ['minute', 'first_seen', 'last_seen'],
        sensor: 'owner',
      },
      { table: 'suricata_stats', key: ['minute'], times: ['minute'], sensor: 'owner' },
      { table: 'pihole_stats', key: ['minute'], times: ['minute'], sensor: 'owner' },
      {
        table: 'pihole_hits',
        key: ['hour', 'kind', 'value', 'client'],
        times: ['hour', 'last_seen'],
        sensor: 'owner',
      },
      { table: 'sensor_stats', key: ['minute'], times: ['minute'], sensor: 'owner' },
      {
        table: 'observables',
        key: ['kind', 'value'],
        times: ['first_seen', 'last_seen'],
        sensor: 'shared',
        merge: { first_seen: 'LEAST', last_seen: 'GREATEST' },
      },
      {
        table: 'sightings_hourly',
        key: ['hour', 'kind', 'value', 'client', 'via'],
        times: ['hour', 'first_seen', 'last_seen'],
        sensor: 'owner',
      },
    ] satisfies readonly CentralRelation[]
  ).map((relation): [string, CentralRelation] => [relation.table, relation]),
);
