import assert from 'node:assert/strict';
import type { Mariadb } from '../support/mariadb.ts';
import type { Sensor } from './central-fixture.ts';

/** A row of either side as one text, made by each side's own SQL. */
type Lines = readonly string[];

const US = `char(31)`;
const KIND = `substr(x.key, 1, instr(x.key, ':') - 1)`;
const VALUE = `substr(x.key, instr(x.key, ':') + 1)`;
const NAMED = `${KIND} || ${US} || ${VALUE}`;

const time = (column: string): string => `coalesce(strftime('%Y-%m-%d %H:%M:%f', ${column} / 1000.0, 'unixepoch'), '')`;

/** Written by hand and not by the code under test: what a sensor holds, and what the centre holds, as equal lines. */
const COMPARED: Readonly<Record<string, { readonly sensor: string; readonly centre: string }>> = {
  observables: {
    sensor: `SELECT ${NAMED} || ${US} || coalesce(x.registrable, '') AS line FROM observables AS x`,
    centre: `SELECT CONCAT_WS(CHAR(31), kind, value, COALESCE(registrable_domain, '')) AS line FROM observables`,
  },
  sightings_hourly: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || c.address || ${US} || via || ${US} || ${time('hour')} || ${US} || count || ${US} || nxdomain
        || ${US} || ${time('s.first_seen')} || ${US} || ${time('s.last_seen')} AS line
      FROM sightings_hourly AS s JOIN observables AS x ON x.id = observable_id JOIN clients AS c ON c.id = client_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, client, via, hour, count, nxdomain, first_seen, last_seen) AS line FROM sightings_hourly`,
  },
  scans: {
    sensor: `SELECT ${NAMED} || ${US} || source || ${US} || ${time('asked_at')} || ${US} || ${time('last_analysis_at')} || ${US} || malicious
        || ${US} || (malicious + suspicious + harmless + undetected + timeout) || ${US} || reputation || ${US} || permalink
        || ${US} || json_extract(detail, '$.flagged') || ${US} || json_extract(detail, '$.categories') AS line
      FROM reports JOIN observables AS x ON x.id = observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), kind, value, source, scan_date, COALESCE(last_analysis_date, ''), positives, total_scans, reputation, permalink, engines, categories) AS line FROM scans`,
  },
  verdicts: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || state || ${US} || held || ${US} || ratio || ${US} || reasons || ${US} || ${time('since')}
        || ${US} || ${time('recheck_at')} AS line FROM verdicts JOIN observables AS x ON x.id = observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, state, held, ratio, reasons, since, COALESCE(recheck, '')) AS line FROM verdicts`,
  },
  verdict_history: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || ${time('at')} || ${US} || from_state || ${US} || to_state AS line
      FROM verdict_history JOIN observables AS x ON x.id = observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, at, from_state, to_state) AS line FROM verdict_history`,
  },
  indicators: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || target || ${US} || state || ${US} || ${time('published_at')} AS line
      FROM publications JOIN observables AS x ON x.id = observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, target, state, COALESCE(published, '')) AS line FROM indicators`,
  },
  overrides: {
    sensor: `SELECT '@' || ${US} || pattern || ${US} || action || ${US} || reason || ${US} || ${time('created_at')} AS line FROM overrides`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, pattern, action, reason, created) AS line FROM overrides`,
  },
  lookups: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || ${time('at')} || ${US} || source || ${US} || lane || ${US} || outcome || ${US} || took_ms AS line
      FROM lookups JOIN observables AS x ON x.id = observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, at, source, lane, outcome, took_ms) AS line FROM lookups`,
  },
  suricata_alerts: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || sid || ${US} || client || ${US} || peer || ${US} || signature || ${US}
        || ${time('(at - at % 60000)')} || ${US} || count(*) AS line
      FROM alerts JOIN observables AS x ON x.id = observable_id GROUP BY at / 60000, sid, client, peer, observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, sid, client, peer, signature, minute, count) AS line FROM suricata_alerts`,
  },
  suricata_stats: {
    sensor: `SELECT '@' || ${US} || ${time('minute')} || ${US} || packets || ${US} || drops || ${US} || alerts AS line FROM suricata_stats`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, minute, packets, drops, alerts) AS line FROM suricata_stats`,
  },
  pihole_stats: {
    sensor: `SELECT '@' || ${US} || ${time('minute')} || ${US} || queries || ${US} || blocked || ${US} || cached || ${US} || forwarded
        || ${US} || blocking AS line FROM pihole_stats`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, minute, queries, blocked, cached, forwarded, blocking) AS line FROM pihole_stats`,
  },
  sensor_stats: {
    sensor: `SELECT '@' || ${US} || ${time('minute')} || ${US} || events || ${US} || dropped || ${US} || malformed || ${US} || truncated || ${US} || lost
        || ${US} || blind || ${US} || queue_length || ${US} || queue_oldest_s || ${US} || quota_used || ${US} || coalesce(quota_allowed, '-') || ${US}
        || coverage || ${US} || proof_age_s || ${US} || coalesce(sync_lag_s, '-') || ${US} || outbox_rows || ${US} || memory_bytes AS line FROM sensor_stats`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, minute, events, dropped, malformed, truncated, lost, blind, queue_length, queue_oldest_s, quota_used,
        COALESCE(quota_allowed, '-'), coverage, proof_age_s, COALESCE(sync_lag_s, '-'), outbox_rows, memory_bytes) AS line FROM sensor_stats`,
  },
  pihole_hits: {
    sensor: `SELECT '@' || ${US} || ${NAMED} || ${US} || ${time('hour')} || ${US} || client || ${US} || count || ${US} || ${time('last_seen')} AS line
      FROM pihole_hits JOIN observables AS x ON x.id = observable_id`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, kind, value, hour, client, count, last_seen) AS line FROM pihole_hits`,
  },
  quota: {
    sensor: `SELECT '@' || ${US} || source || ${US} || window || ${US} || ${time('starts_at')} || ${US} || sum(used) AS line
      FROM quota_spent WHERE window <> 'minute' GROUP BY source, window, starts_at`,
    centre: `SELECT CONCAT_WS(CHAR(31), sensor, source, quota_window, starts_at, used) AS line FROM quota`,
  },
};

/** Asserts that the centre holds exactly what the sensors hold together: row by row, nothing twice, nothing missing. */
export async function assertUnion(server: Mariadb, sensors: readonly Sensor[]): Promise<void> {
  for (const [relation, { sensor: ofSensor, centre }] of Object.entries(COMPARED)) {
    const wanted = new Set(sensors.flatMap((one) => linesOf(one, ofSensor)));
    const found = (await server.sql('USE virus_total', centre)).map((row) => String(row.line));
    assert.equal(found.length, wanted.size, `rows in ${relation}`);
    assert.deepEqual(found.toSorted(), [...wanted].toSorted(), relation);
  }
}

function linesOf({ db, name }: Sensor, sql: string): Lines {
  return db
    .prepare<[], { line: string }>(sql)
    .all()
    .map(({ line }) => (line.startsWith('@') ? name + line.slice(1) : line));
}
