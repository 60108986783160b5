-- Which sensors spend one account: their questions are added up, those of another account are not. A sensor that is in no fleet, and
-- every source but VirusTotal, stands for itself.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_quota AS
SELECT q.starts_at, q.sensor, q.source, q.quota_window, q.used, q.allowed, q.foreign_used,
  COALESCE(IF(q.source = 'virustotal',
    (SELECT m.account FROM quota_members AS m WHERE m.sensor = q.sensor ORDER BY m.seen DESC LIMIT 1), NULL), q.sensor) AS account
FROM quota AS q;

-- The public project knows VirusTotal alone: the one voice of a DNS oracle, 1 of 1, would be a detection ratio of 100 % to its dashboards.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW url_scans AS
SELECT CRC32(CONCAT_WS(' ', kind, value, source, scan_date)) AS id, value AS url, scan_date, positives, total_scans, permalink,
  CONCAT('{"data":{"attributes":{"results":{',
    REPLACE(REPLACE(SUBSTRING(engines, 2, CHAR_LENGTH(engines) - 2), '{"engine":', ''), ',"category":', ':{"category":'),
    '}}}}') AS scan_result,
  kind, source, sensor, last_analysis_date
FROM scans WHERE kind IN ('domain', 'ip', 'url') AND outcome = 'found' AND source = 'virustotal';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW file_scans AS
SELECT CRC32(CONCAT_WS(' ', value, source, scan_date)) AS id, value AS sha256, scan_date, positives, total_scans, permalink,
  CAST(NULL AS CHAR(16)) AS yara_rules,
  CONCAT('{"data":{"attributes":{"results":{',
    REPLACE(REPLACE(SUBSTRING(engines, 2, CHAR_LENGTH(engines) - 2), '{"engine":', ''), ',"category":', ':{"category":'),
    '}}}}') AS scan_result,
  source, sensor, last_analysis_date
FROM scans WHERE kind = 'file' AND outcome = 'found' AND source = 'virustotal';
