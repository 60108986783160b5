-- A sensor's minute, for the central database's dashboards. Counts are what happened within it, the rest how things stood last.
CREATE TABLE sensor_stats (
  minute         INTEGER PRIMARY KEY,  -- ms, start of the minute
  events         INTEGER NOT NULL,
  dropped        INTEGER NOT NULL,
  malformed      INTEGER NOT NULL,
  truncated      INTEGER NOT NULL,
  lost           INTEGER NOT NULL,     -- DNS records that Suricata counted and we never received: an estimate
  blind          INTEGER NOT NULL,     -- 0 or 1: nothing was heard of Suricata
  queue_length   INTEGER NOT NULL,
  queue_oldest_s INTEGER NOT NULL,
  quota_used     INTEGER,              -- of the day's allowance
  quota_allowed  INTEGER,
  coverage       REAL,                 -- 0 to 1: names first seen today that have an answer
  proof_age_s    INTEGER,              -- of the target that was proved least lately
  sync_lag_s     INTEGER,
  outbox_rows    INTEGER NOT NULL,
  memory_bytes   INTEGER NOT NULL
) STRICT;

-- Summaries of the central database that no longer fit the rows they sum up.
CREATE TABLE summaries_due (
  scope TEXT NOT NULL CHECK (scope IN ('seen', 'reports', 'observable')),
  key   TEXT NOT NULL,                 -- ms of an hour, or an observable's key
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

-- What was sent before there were summaries.
INSERT INTO summaries_due SELECT DISTINCT 'seen', CAST(hour AS TEXT) FROM sightings_hourly
  WHERE EXISTS (SELECT 1 FROM central_state WHERE name = 'seeded');
INSERT OR IGNORE INTO summaries_due SELECT DISTINCT 'seen', CAST(at - at % 3600000 AS TEXT) FROM alerts
  WHERE EXISTS (SELECT 1 FROM central_state WHERE name = 'seeded');
INSERT INTO summaries_due SELECT DISTINCT 'reports', CAST(asked_at - asked_at % 3600000 AS TEXT) FROM reports
  WHERE EXISTS (SELECT 1 FROM central_state WHERE name = 'seeded');
