-- `scan_result` in the shape of the public project, whose views look for `$.data.attributes.results."ENGINE".category` and `.result`.
-- Made from our list of {engine, category, result} by text: a quote within a JSON text has a backslash before it, so no name can look
-- like what is replaced. Functions that turn lists into objects differ between servers.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW url_scans AS
SELECT CRC32(CONCAT_WS(' ', kind, value, source, scan_date)) AS id, value AS url, scan_date, positives, total_scans, permalink,
  CONCAT('{"data":{"attributes":{"results":{',
    REPLACE(REPLACE(SUBSTRING(engines, 2, CHAR_LENGTH(engines) - 2), '{"engine":', ''), ',"category":', ':{"category":'),
    '}}}}') AS scan_result,
  kind, source, sensor, last_analysis_date
FROM scans WHERE kind IN ('domain', 'ip', 'url') AND outcome = 'found';

CREATE OR REPLACE SQL SECURITY DEFINER VIEW file_scans AS
SELECT CRC32(CONCAT_WS(' ', value, source, scan_date)) AS id, value AS sha256, scan_date, positives, total_scans, permalink,
  CAST(NULL AS CHAR(16)) AS yara_rules,
  CONCAT('{"data":{"attributes":{"results":{',
    REPLACE(REPLACE(SUBSTRING(engines, 2, CHAR_LENGTH(engines) - 2), '{"engine":', ''), ',"category":', ':{"category":'),
    '}}}}') AS scan_result,
  source, sensor, last_analysis_date
FROM scans WHERE kind = 'file' AND outcome = 'found';
