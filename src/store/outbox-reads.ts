/** Reads the present rows of marked keys. `present` is 0 where the row is gone. Columns are those of the central schema; times are ms. */
interface ReadRule {
  readonly relation: string;
  /** What follows the key and the version. The first column says whether the row is there. */
  readonly columns: string;
  readonly joins: string;
}

const KIND = `substr(x.key, 1, instr(x.key, ':') - 1)`;
const VALUE = `substr(x.key, instr(x.key, ':') + 1)`;
const OBSERVABLE = `${KIND} AS kind, ${VALUE} AS value`;
const OF_K1 = 'LEFT JOIN observables AS x ON x.id = o.k1';

/** The latest hour only: a name that is seen all day has thousands of rows, and the centre keeps `last_seen` to the hour. */
const LAST_SEEN = `coalesce((SELECT max(s.last_seen) FROM sightings_hourly AS s WHERE s.observable_id = x.id AND s.hour =
    (SELECT max(t.hour) FROM sightings_hourly AS t WHERE t.observable_id = x.id)), x.first_seen) AS last_seen`;

const ENGINES = 'r.malicious + r.suspicious + r.harmless + r.undetected + r.timeout';

/** In the order in which they are sent: what a person or the quota decided first, what only counts last. */
const RULES: readonly ReadRule[] = [
  {
    relation: 'overrides',
    columns: `f.pattern IS NOT NULL AS present, o.k4 AS pattern, f.action, f.reason, f.created_at AS created, f.expires_at AS expires`,
    joins: 'LEFT JOIN overrides AS f ON f.pattern = o.k4',
  },
  {
    relation: 'verdicts',
    columns: `f.observable_id IS NOT NULL AS present, ${OBSERVABLE}, f.state, f.strong, f.block, f.held, f.ratio, f.policy_line,
      f.reasons, f.since, f.judged_at AS judged, f.recheck_at AS recheck, i.expires_at AS expires`,
    joins: `${OF_K1} LEFT JOIN verdicts AS f ON f.observable_id = o.k1 LEFT JOIN indicators AS i ON i.observable_id = o.k1`,
  },
  {
    relation: 'verdict_history',
    columns: `f.at IS NOT NULL AS present, ${OBSERVABLE}, o.k2 AS at, f.from_state, f.to_state, f.ratio, f.policy_line`,
    joins: `${OF_K1} LEFT JOIN verdict_history AS f ON f.observable_id = o.k1 AND f.at = o.k2`,
  },
  {
    relation: 'indicators',
    columns: `f.target IS NOT NULL AS present, ${OBSERVABLE}, o.k4 AS target, f.state, s.sid, f.error,
      f.published_at AS published, f.proved_at AS proved, i.expires_at AS expires`,
    joins: `${OF_K1} LEFT JOIN publications AS f ON f.target = o.k4 AND f.observable_id = o.k1
      LEFT JOIN indicators AS i ON i.observable_id = o.k1 LEFT JOIN rule_sids AS s ON s.key = x.key`,
  },
  {
    relation: 'scans',
    columns: `r.id IS NOT NULL AS present, ${OBSERVABLE}, r.source, r.asked_at AS scan_date, r.outcome,
      r.last_analysis_at AS last_analysis_date, r.malicious AS positives, r.suspicious, r.harmless, r.undetected,
      ${ENGINES} AS total_scans, r.reputation, r.permalink, json_extract(r.detail, '$.categories') AS categories,
      json_extract(r.detail, '$.flagged') AS engines, json_remove(r.detail, '$.categories', '$.flagged') AS detail`,
    joins: 'LEFT JOIN reports AS r ON r.id = o.k1 LEFT JOIN observables AS x ON x.id = r.observable_id',
  },
  {
    relation: 'lookups',
    columns: `f.id IS NOT NULL AS present, f.at, f.source, ${OBSERVABLE}, f.lane, f.outcome, f.took_ms, f.error`,
    joins: 'LEFT JOIN lookups AS f ON f.id = o.k1 LEFT JOIN observables AS x ON x.id = f.observable_id',
  },
  {
    relation: 'quota',
    columns: `f.used IS NOT NULL AS present, o.k1 AS starts_at, substr(o.k4, 1, instr(o.k4, '/') - 1) AS source,
      substr(o.k4, instr(o.k4, '/') + 1) AS quota_window, f.used, f.used_by_lane, a.allowed, a.foreign_used`,
    joins: `LEFT JOIN (SELECT source, window, starts_at, sum(used) AS used, json_group_object(lane, used) AS used_by_lane
        FROM quota_spent WHERE window <> 'minute' GROUP BY source, window, starts_at) AS f
        ON f.starts_at = o.k1 AND f.source || '/' || f.window = o.k4
      LEFT JOIN quota_allowed AS a ON a.source || '/' || a.window = o.k4`,
  },
  {
    relation: 'suricata_stats',
    columns: 'f.minute IS NOT NULL AS present, o.k1 AS minute, f.packets, f.drops, f.alerts',
    joins: 'LEFT JOIN suricata_stats AS f ON f.minute = o.k1',
  },
  {
    relation: 'pihole_stats',
    columns: `f.minute IS NOT NULL AS present, o.k1 AS minute, f.queries, f.blocked, f.cached, f.forwarded, f.blocking`,
    joins: 'LEFT JOIN pihole_stats AS f ON f.minute = o.k1',
  },
  {
    relation: 'pihole_hits',
    columns: `f.count IS NOT NULL AS present, o.k1 AS hour, ${OBSERVABLE}, o.k4 AS client, f.count, f.last_seen`,
    joins: `LEFT JOIN pihole_hits AS f ON f.observable_id = o.k2 AND f.hour = o.k1 AND f.client = o.k4
      LEFT JOIN observables AS x ON x.id = o.k2`,
  },
  {
    relation: 'sensor_stats',
    columns: `f.minute IS NOT NULL AS present, o.k1 AS minute, f.events, f.dropped, f.malformed, f.truncated, f.lost, f.blind,
      f.queue_length, f.queue_oldest_s, f.quota_used, f.quota_allowed, f.coverage, f.proof_age_s, f.sync_lag_s, f.outbox_rows,
      f.memory_bytes`,
    joins: 'LEFT JOIN sensor_stats AS f ON f.minute = o.k1',
  },
  {
    relation: 'observables',
    columns: `x.id IS NOT NULL AS present, ${OBSERVABLE}, x.registrable AS registrable_domain, x.first_seen, ${LAST_SEEN}`,
    joins: OF_K1,
  },
  {
    relation: 'sightings_hourly',
    columns: `f.count IS NOT NULL AS present, o.k1 AS hour, ${OBSERVABLE}, c.address AS client, o.k4 AS via, f.count, f.nxdomain,
      f.first_seen, f.last_seen`,
    joins: `LEFT JOIN sightings_hourly AS f ON f.observable_id = o.k2 AND f.hour = o.k1 AND f.client_id = o.k3 AND f.via = o.k4
      LEFT JOIN observables AS x ON x.id = o.k2 LEFT JOIN clients AS c ON c.id = o.k3`,
  },
];

/** One marked key and its present row: parameters are the key after which to go on, and how many. */
export const READS: readonly { readonly relation: string; readonly sql: string }[] = RULES.map(
  ({ relation, columns, joins }) => ({
    relation,
    sql: `SELECT o.k1, o.k2, o.k3, o.k4, o.version, ${columns} FROM outbox AS o ${joins}
      WHERE o.relation = '${relation}' AND (o.k1, o.k2, o.k3, o.k4) > (?, ?, ?, ?)
      ORDER BY o.k1, o.k2, o.k3, o.k4 LIMIT ?`,
  }),
);

/**
 * Alerts looked at for one minute, the worst and the others each, and rows made of them: a flood is told by its size (in
 * `suricata_stats`) and not by each of its alerts, and it hides no severe one.
 */
const ALERTS_OF_A_MINUTE = 5_000;
const ALERT_ROWS_OF_A_MINUTE = 500;

const ALERTS_WHERE = (test: string): string =>
  `SELECT * FROM (SELECT * FROM alerts WHERE ${test} AND at >= ? AND at < ? ORDER BY at LIMIT ${ALERTS_OF_A_MINUTE})`;

/** Equal alerts of a minute, the worst first. Parameters: start and end of the minute, twice. */
export const READ_ALERTS = `
  SELECT 1 AS present, min(a.at) - min(a.at) % 60000 AS minute, a.sid, a.client, a.peer,
    coalesce(${KIND}, '') AS kind, coalesce(${VALUE}, '') AS value,
    max(a.signature) AS signature, max(a.category) AS category, min(a.severity) AS severity, max(a.action) AS action,
    count(*) AS count, min(a.at) AS first_seen, max(a.at) AS last_seen
  FROM (${ALERTS_WHERE('severity = 1')} UNION ALL ${ALERTS_WHERE('severity <> 1')}) AS a
  LEFT JOIN observables AS x ON x.id = a.observable_id
  GROUP BY a.sid, a.client, a.peer, a.observable_id ORDER BY severity, count DESC LIMIT ${ALERT_ROWS_OF_A_MINUTE}`;
