/**
 * What makes a row of a table due for the central database: one line for each trigger. A mark is relation and key, in the order of
 * the outbox's columns. Deletions are told only where the centre holds the present state: what retention forgets here, the centre
 * forgets by its own.
 */
interface TriggerRule {
  readonly on: string;
  readonly marks: readonly string[];
}

const VERDICT_OF = (row: string): string => `'verdicts', ${row}.observable_id, 0, 0, ''`;
const PUBLICATIONS_OF = (row: string): string =>
  `'indicators', observable_id, 0, 0, target FROM publications WHERE observable_id = ${row}.observable_id`;
const SIGHTING = `'sightings_hourly', NEW.hour, NEW.observable_id, NEW.client_id, NEW.via`;
const PIHOLE_HIT = `'pihole_hits', NEW.hour, NEW.observable_id, 0, NEW.client`;
const QUOTA = `'quota', NEW.starts_at, 0, 0, NEW.source || '/' || NEW.window`;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

// An upsert in a trigger needs WHERE where it selects, or the parser takes ON for a join.
const RULES: readonly TriggerRule[] = [
  { on: 'INSERT ON observables', marks: [`'observables', NEW.id, 0, 0, ''`] },
  {
    on: 'UPDATE OF first_seen ON observables WHEN NEW.first_seen <> OLD.first_seen',
    marks: [`'observables', NEW.id, 0, 0, ''`],
  },
  // A new hour also moves the observable's `last_seen`, which the centre keeps to the hour.
  { on: 'INSERT ON sightings_hourly', marks: [SIGHTING, `'observables', NEW.observable_id, 0, 0, ''`] },
  { on: 'UPDATE ON sightings_hourly', marks: [SIGHTING] },
  // What another sensor asked is told by that sensor.
  { on: 'INSERT ON reports WHEN NEW.origin IS NULL', marks: [`'scans', NEW.id, 0, 0, ''`] },
  { on: 'INSERT ON verdicts', marks: [VERDICT_OF('NEW')] },
  { on: 'UPDATE ON verdicts', marks: [VERDICT_OF('NEW')] },
  { on: 'DELETE ON verdicts', marks: [VERDICT_OF('OLD')] },
  { on: 'INSERT ON verdict_history', marks: [`'verdict_history', NEW.observable_id, NEW.at, 0, ''`] },
  { on: 'INSERT ON indicators', marks: [VERDICT_OF('NEW'), PUBLICATIONS_OF('NEW')] },
  { on: 'UPDATE ON indicators', marks: [VERDICT_OF('NEW'), PUBLICATIONS_OF('NEW')] },
  { on: 'DELETE ON indicators', marks: [VERDICT_OF('OLD'), PUBLICATIONS_OF('OLD')] },
  { on: 'INSERT ON publications', marks: [`'indicators', NEW.observable_id, 0, 0, NEW.target`] },
  {
    // Every proof touches every row; the centre keeps it to the hour.
    on: `UPDATE ON publications WHEN NEW.state <> OLD.state OR NEW.error IS NOT OLD.error
      OR NEW.published_at IS NOT OLD.published_at OR NEW.proved_at / ${HOUR_MS} IS NOT OLD.proved_at / ${HOUR_MS}`,
    marks: [`'indicators', NEW.observable_id, 0, 0, NEW.target`],
  },
  { on: 'DELETE ON publications', marks: [`'indicators', OLD.observable_id, 0, 0, OLD.target`] },
  { on: 'INSERT ON overrides', marks: [`'overrides', 0, 0, 0, NEW.pattern`] },
  { on: 'UPDATE ON overrides', marks: [`'overrides', 0, 0, 0, NEW.pattern`] },
  { on: 'DELETE ON overrides', marks: [`'overrides', 0, 0, 0, OLD.pattern`] },
  { on: 'INSERT ON alerts', marks: [`'suricata_alerts', NEW.at - NEW.at % ${MINUTE_MS}, 0, 0, ''`] },
  { on: 'INSERT ON lookups', marks: [`'lookups', NEW.id, 0, 0, ''`] },
  { on: 'INSERT ON suricata_stats', marks: [`'suricata_stats', NEW.minute, 0, 0, ''`] },
  { on: 'UPDATE ON suricata_stats', marks: [`'suricata_stats', NEW.minute, 0, 0, ''`] },
  { on: 'INSERT ON pihole_stats', marks: [`'pihole_stats', NEW.minute, 0, 0, ''`] },
  { on: 'UPDATE ON pihole_stats', marks: [`'pihole_stats', NEW.minute, 0, 0, ''`] },
  { on: 'INSERT ON pihole_hits', marks: [PIHOLE_HIT] },
  { on: 'UPDATE ON pihole_hits', marks: [PIHOLE_HIT] },
  { on: 'INSERT ON sensor_stats', marks: [`'sensor_stats', NEW.minute, 0, 0, ''`] },
  { on: 'UPDATE ON sensor_stats', marks: [`'sensor_stats', NEW.minute, 0, 0, ''`] },
  { on: `INSERT ON quota_spent WHEN NEW.window <> 'minute'`, marks: [QUOTA] },
  { on: `UPDATE ON quota_spent WHEN NEW.window <> 'minute'`, marks: [QUOTA] },
];

/** Marks that a row changed; again where it is marked already, so that an acknowledgement under way does not take it. */
const MARK = (mark: string): string =>
  `INSERT INTO outbox (relation, k1, k2, k3, k4) SELECT ${mark}${mark.includes(' FROM ') ? '' : ' WHERE true'}
   ON CONFLICT (relation, k1, k2, k3, k4) DO UPDATE SET version = version + 1;`;

const NAMES = RULES.map((_, index) => `outbox_${index + 1}`);

/** Takes away what `createTriggers` makes, of this version or an older one with fewer. */
export const DROP_TRIGGERS = NAMES.map((name) => `DROP TRIGGER IF EXISTS ${name};`).join('\n');

/** Makes every change from now on due for the central database. */
export const CREATE_TRIGGERS = RULES.map(
  ({ on, marks }, index) => `CREATE TRIGGER ${NAMES[index]} AFTER ${on} BEGIN ${marks.map(MARK).join(' ')} END;`,
).join('\n');

/** Makes everything due that is known already. */
export const SEED = [
  `'observables', id, 0, 0, '' FROM observables`,
  `'sightings_hourly', hour, observable_id, client_id, via FROM sightings_hourly`,
  `'scans', id, 0, 0, '' FROM reports WHERE origin IS NULL`,
  `'verdicts', observable_id, 0, 0, '' FROM verdicts`,
  `'verdict_history', observable_id, at, 0, '' FROM verdict_history`,
  `'indicators', observable_id, 0, 0, target FROM publications`,
  `'overrides', 0, 0, 0, pattern FROM overrides`,
  `'suricata_alerts', at - at % ${MINUTE_MS}, 0, 0, '' FROM alerts`,
  `'lookups', id, 0, 0, '' FROM lookups`,
  `'suricata_stats', minute, 0, 0, '' FROM suricata_stats`,
  `'pihole_stats', minute, 0, 0, '' FROM pihole_stats`,
  `'pihole_hits', hour, observable_id, 0, client FROM pihole_hits`,
  `'sensor_stats', minute, 0, 0, '' FROM sensor_stats`,
  `'quota', starts_at, 0, 0, source || '/' || window FROM quota_spent WHERE window <> 'minute'`,
]
  .map((select) => `INSERT OR IGNORE INTO outbox (relation, k1, k2, k3, k4) SELECT ${select};`)
  .join('\n');
