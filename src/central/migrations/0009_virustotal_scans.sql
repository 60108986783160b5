-- The public project asks VirusTotal and nobody else, and its queries count rows: of second opinions, which are one engine each, every
-- flagged one would be a whole positive of one scan. `panel_scans` has them all.

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
