import type { CentralRelation } from './central-relation.ts';

/** What a summary is made anew for: an hour of what was seen, an hour of questions and reports, or one observable over all time. */
export type SummaryScope = 'seen' | 'reports' | 'observable';

/** One small table, and how its rows are counted from those of this sensor. */
export interface Summary {
  readonly scope: SummaryScope;
  readonly relation: CentralRelation;
  /** What is written, in the order of the columns that `select` gives. `sensor` is added. */
  readonly columns: readonly string[];
  /** Parameters by name, see `SummaryKeeper`. */
  readonly select: string;
}

const OWN = { times: [], sensor: 'owner' } as const;

/** Alerts of the device come from their own summary, which is made first: its hour is a dozen rows, and found by the key. */
const FLAGGED = `SELECT s.hour, s.client, s.kind, s.value, CAST(SUM(s.count) AS SIGNED) AS count, MIN(s.first_seen) AS first_seen,
    MAX(s.last_seen) AS last_seen,
    COALESCE((SELECT CAST(SUM(a.count) AS SIGNED) FROM suricata_alerts AS a WHERE a.value = s.value AND a.kind = s.kind AND a.client = s.client
      AND a.sensor = :sensor AND a.minute >= s.hour AND a.minute < s.hour + INTERVAL 1 HOUR), 0) AS alerts,
    COALESCE((SELECT CAST(SUM(b.count) AS SIGNED) FROM alert_hours AS b WHERE b.hour = s.hour AND b.sensor = :sensor
      AND b.client = s.client), 0) AS client_alerts,
    (SELECT MIN(c.severity) FROM alert_hours AS c WHERE c.hour = s.hour AND c.sensor = :sensor AND c.client = s.client) AS worst_severity
  FROM sightings_hourly AS s JOIN verdicts AS v ON v.kind = s.kind AND v.value = s.value AND v.sensor = s.sensor
  WHERE s.sensor = :sensor AND v.state IN ('malicious', 'suspicious')`;

const FLAGGED_HOURS: Omit<Summary, 'scope' | 'select'> = {
  relation: { ...OWN, table: 'flagged_hours', key: ['hour', 'client', 'kind', 'value'] },
  columns: [
    'hour',
    'client',
    'kind',
    'value',
    'count',
    'first_seen',
    'last_seen',
    'alerts',
    'client_alerts',
    'worst_severity',
  ],
};

/** How often a result stands in a report's engines. A quote inside a JSON text is escaped, so no engine can fake one. */
const times = (result: string): string => {
  const needle = `"result":"${result}"`;
  return `(LENGTH(engines) - LENGTH(REPLACE(LOWER(engines), '${needle}', ''))) DIV ${needle.length}`;
};

/** The specific before the general. What engines call a file is the name of a family, which means malware. */
const THREAT_CLASS = `CASE WHEN positives = 0 AND suspicious = 0 THEN ''
    WHEN kind = 'file' THEN 'malware'
    WHEN ${times('phishing')} > ${times('malware')} THEN 'phishing'
    WHEN ${times('malware')} > 0 THEN 'malware'
    WHEN ${times('spam')} > 0 THEN 'spam'
    WHEN ${times('mining')} > 0 THEN 'mining'
    WHEN ${times('malicious')} > 0 THEN 'malicious'
    WHEN ${times('suspicious')} > 0 THEN 'suspicious'
    ELSE 'other' END`;

const AGE_S = 'TIMESTAMPDIFF(SECOND, last_analysis_date, scan_date)';
const ANALYSIS_AGE = `CASE WHEN last_analysis_date IS NULL THEN 9 WHEN ${AGE_S} < 86400 THEN 0 WHEN ${AGE_S} < 604800 THEN 1
    WHEN ${AGE_S} < 2592000 THEN 2 ELSE 3 END`;

/**
 * 1 for one row of each name a device used in an hour, however it was seen. By the key: COUNT(DISTINCT value) sorts rows of 2 KB, and took
 * five times as long for an hour of 200,000 rows.
 */
const IS_NEW_NAME = `IF(kind = 'domain' AND NOT EXISTS (SELECT 1 FROM sightings_hourly AS other WHERE other.hour = s.hour AND other.kind = s.kind
  AND other.value = s.value AND other.client = s.client AND other.via < s.via AND other.sensor = s.sensor), 1, 0)`;

/** Every summary. Plain reads followed by plain writes: an INSERT that selects would lock the rows of other sensors. */
export const SUMMARIES: readonly Summary[] = [
  {
    scope: 'seen',
    relation: { ...OWN, table: 'client_hours', key: ['hour', 'client'] },
    columns: ['hour', 'client', 'queries', 'contacts', 'names', 'nxdomain', 'alerts_1', 'alerts_2', 'alerts_3'],
    select: `SELECT :hour AS hour, client, ${[
      'queries',
      'contacts',
      'names',
      'nxdomain',
      'alerts_1',
      'alerts_2',
      'alerts_3',
    ]
      .map((name) => `CAST(SUM(${name}) AS SIGNED) AS ${name}`)
      .join(', ')}
      FROM (SELECT client, SUM(IF(via = 'dns', count, 0)) AS queries, SUM(IF(via = 'dns', 0, count)) AS contacts,
          SUM(${IS_NEW_NAME}) AS names, SUM(nxdomain) AS nxdomain, 0 AS alerts_1, 0 AS alerts_2, 0 AS alerts_3
        FROM sightings_hourly AS s WHERE hour = :hour AND sensor = :sensor GROUP BY client
        UNION ALL SELECT client, 0, 0, 0, 0, SUM(IF(severity = 1, count, 0)), SUM(IF(severity = 2, count, 0)),
          SUM(IF(severity > 2, count, 0))
        FROM suricata_alerts WHERE minute >= :hour AND minute < :end AND sensor = :sensor GROUP BY client) AS both_kinds
      GROUP BY client`,
  },
  {
    scope: 'seen',
    relation: { ...OWN, table: 'alert_hours', key: ['hour', 'sid', 'client'] },
    columns: [
      'hour',
      'sid',
      'client',
      'severity',
      'signature',
      'category',
      'count',
      'blocked',
      'peers',
      'first_seen',
      'last_seen',
    ],
    select: `SELECT :hour AS hour, sid, client, MIN(severity) AS severity, MAX(signature) AS signature, MAX(category) AS category,
        CAST(SUM(count) AS SIGNED) AS count, CAST(SUM(IF(action = 'blocked', count, 0)) AS SIGNED) AS blocked,
        COUNT(DISTINCT peer) AS peers, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen
      FROM suricata_alerts WHERE minute >= :hour AND minute < :end AND sensor = :sensor GROUP BY sid, client`,
  },
  {
    ...FLAGGED_HOURS,
    scope: 'seen',
    select: `${FLAGGED} AND s.hour = :hour GROUP BY s.hour, s.client, s.kind, s.value`,
  },
  {
    ...FLAGGED_HOURS,
    scope: 'observable',
    select: `${FLAGGED} AND s.kind = :kind AND s.value = :value GROUP BY s.hour, s.client, s.kind, s.value`,
  },
  {
    scope: 'reports',
    relation: {
      ...OWN,
      table: 'scan_hours',
      key: ['hour', 'source', 'vector', 'outcome', 'positives', 'threat_class', 'analysis_age'],
    },
    columns: [
      'hour',
      'source',
      'vector',
      'outcome',
      'positives',
      'threat_class',
      'analysis_age',
      'scans',
      'analysis_age_s',
    ],
    select: `SELECT :hour AS hour, source, IF(kind = 'ip', IF(value LIKE '%:%', 'ipv6', 'ipv4'), kind) AS vector, outcome, positives,
        ${THREAT_CLASS} AS threat_class, ${ANALYSIS_AGE} AS analysis_age, COUNT(*) AS scans,
        CAST(COALESCE(SUM(GREATEST(0, ${AGE_S})), 0) AS SIGNED) AS analysis_age_s
      FROM scans WHERE scan_date >= :hour AND scan_date < :end AND sensor = :sensor GROUP BY 2, 3, 4, 5, 6, 7`,
  },
  {
    scope: 'reports',
    relation: { ...OWN, table: 'lookup_hours', key: ['hour', 'source', 'outcome'] },
    columns: ['hour', 'source', 'outcome', 'questions', 'took_ms', 'longest_ms'],
    select: `SELECT :hour AS hour, source, outcome, COUNT(*) AS questions, CAST(SUM(took_ms) AS SIGNED) AS took_ms, MAX(took_ms) AS longest_ms
      FROM lookups WHERE at >= :hour AND at < :end AND sensor = :sensor GROUP BY source, outcome`,
  },
];
