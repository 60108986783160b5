-- What the read-only user of the dashboards sees. `id` only counts rows, as the public project's queries do.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW url_scans AS
SELECT CRC32(CONCAT_WS(' ', kind, value, source, scan_date)) AS id, value AS url, scan_date, positives, total_scans, permalink,
  engines AS scan_result, kind, source, sensor, last_analysis_date
FROM scans WHERE kind IN ('domain', 'ip', 'url') AND outcome = 'found';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW dns_queries AS
SELECT CRC32(CONCAT_WS(' ', hour, value, client, sensor)) AS id, first_seen AS timestamp, CAST(NULL AS CHAR(16)) AS query_type,
  value AS domain, client AS source_ip, CAST(NULL AS CHAR(45)) AS response_ip, count, nxdomain, last_seen, hour, sensor
FROM sightings_hourly WHERE via = 'dns' AND kind = 'domain';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW file_scans AS
SELECT CRC32(CONCAT_WS(' ', value, source, scan_date)) AS id, value AS sha256, scan_date, positives, total_scans, permalink,
  CAST(NULL AS CHAR(16)) AS yara_rules, engines AS scan_result, source, sensor, last_analysis_date
FROM scans WHERE kind = 'file' AND outcome = 'found';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_scans AS
SELECT kind, value, source, scan_date, sensor, outcome, last_analysis_date, positives, total_scans, permalink,
  IF(kind = 'ip', IF(value LIKE '%:%', 'ipv6', 'ipv4'), kind) AS vector
FROM scans;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_scan_hours AS
SELECT hour, sensor, source, vector, outcome, positives, threat_class, analysis_age, scans, analysis_age_s FROM scan_hours;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_verdicts AS
SELECT kind, value, sensor, state, strong, block, held, ratio, policy_line, since, judged, recheck, expires FROM verdicts;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_changes AS
SELECT kind, value, sensor, at, from_state, to_state, ratio FROM verdict_history;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_clients AS
SELECT hour, sensor, client, queries, contacts, names, nxdomain, alerts_1, alerts_2, alerts_3 FROM client_hours;

-- By the verdict of now: what was cleared meanwhile is not shown.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_flagged AS
SELECT f.hour, f.sensor, f.client, f.kind, f.value, f.count, f.first_seen, f.last_seen, f.alerts, f.client_alerts, f.worst_severity,
  v.state, v.ratio, v.held, v.since
FROM flagged_hours AS f JOIN verdicts AS v ON v.kind = f.kind AND v.value = f.value AND v.sensor = f.sensor
WHERE v.state IN ('malicious', 'suspicious');

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_alerts AS
SELECT hour, sensor, sid, client, severity, signature, category, count, blocked, peers, first_seen, last_seen FROM alert_hours;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_alert_minutes AS
SELECT minute, sensor, sid, client, peer, kind, value, signature, category, severity, action, count, first_seen, last_seen
FROM suricata_alerts;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_published AS
SELECT kind, value, sensor, target, state, error, published, proved, expires FROM indicators;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_sensors AS
SELECT sensor, version, started, heartbeat, clock_skew_ms, synced_until, outbox_rows, set_aside, thinned FROM sensors;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_sensor_stats AS
SELECT minute, sensor, events, dropped, malformed, truncated, lost, blind, queue_length, queue_oldest_s, quota_used, quota_allowed,
  coverage, proof_age_s, sync_lag_s, outbox_rows, memory_bytes
FROM sensor_stats;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_suricata AS
SELECT minute, sensor, packets, drops, alerts FROM suricata_stats;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_pihole AS
SELECT minute, sensor, queries, blocked, cached, forwarded, blocking FROM pihole_stats;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_lookups AS
SELECT at, sensor, source, kind, value, lane, outcome, took_ms, error FROM lookups;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_quota AS
SELECT starts_at, sensor, source, quota_window, used, allowed, foreign_used FROM quota;
