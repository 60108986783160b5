-- The columns of the public project that the dashboards of others were written for. `url` holds names and addresses too, as it does there.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW url_scans AS
SELECT value AS url, scan_date, positives, total_scans, permalink, engines AS scan_result, kind, source, sensor, last_analysis_date
FROM scans WHERE kind IN ('domain', 'ip', 'url') AND outcome = 'found';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW dns_queries AS
SELECT first_seen AS timestamp, CAST(NULL AS CHAR(16)) AS query_type, value AS domain, client AS source_ip,
  CAST(NULL AS CHAR(45)) AS response_ip, count, nxdomain, last_seen, hour, sensor
FROM sightings_hourly WHERE via = 'dns' AND kind = 'domain';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW file_scans AS
SELECT value AS sha256, scan_date, positives, total_scans, permalink, engines AS scan_result, source, sensor, last_analysis_date
FROM scans WHERE kind = 'file' AND outcome = 'found';
