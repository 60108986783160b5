-- Times are UTC, DATETIME(3). Names, addresses, hashes and keys are ASCII and compare byte by byte; texts compare as people do.
-- Every statement can be run twice: where a cluster has no named locks, two sensors may come here at once.

CREATE TABLE IF NOT EXISTS sensors (
  sensor         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  instance       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version        VARCHAR(40) NOT NULL,
  started        DATETIME(3) NULL,
  heartbeat      DATETIME(3) NOT NULL,
  clock_skew_ms  BIGINT NOT NULL DEFAULT 0,
  synced_until   DATETIME(3) NULL,
  outbox_rows    BIGINT NOT NULL DEFAULT 0,
  set_aside      BIGINT NOT NULL DEFAULT 0,
  thinned        BIGINT NOT NULL DEFAULT 0,
  counters       MEDIUMTEXT NULL,
  PRIMARY KEY (sensor)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS observables (
  kind               VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value              VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  registrable_domain VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  first_seen         DATETIME(3) NOT NULL,
  last_seen          DATETIME(3) NOT NULL,
  PRIMARY KEY (kind, value),
  KEY observables_by_registrable (registrable_domain),
  KEY observables_by_first_seen (first_seen)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- One report. Not of one sensor: an answer that another sensor took over is the same row.
CREATE TABLE IF NOT EXISTS scans (
  kind               VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value              VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source             VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  scan_date          DATETIME(3) NOT NULL,
  sensor             VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  outcome            VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  last_analysis_date DATETIME(3) NULL,
  positives          INT NOT NULL,
  suspicious         INT NOT NULL,
  harmless           INT NOT NULL,
  undetected         INT NOT NULL,
  total_scans        INT NOT NULL,
  reputation         INT NOT NULL,
  permalink          VARCHAR(2200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  categories         TEXT NOT NULL,
  engines            MEDIUMTEXT NOT NULL,
  detail             MEDIUMTEXT NOT NULL,
  received           DATETIME(3) NOT NULL,
  PRIMARY KEY (kind, value, source, scan_date),
  KEY scans_by_date (scan_date),
  KEY scans_by_received (received)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS verdicts (
  kind         VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value        VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  strong       TINYINT NOT NULL,
  block        TINYINT NOT NULL,
  held         TINYINT NOT NULL,
  ratio        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  policy_line  TEXT NOT NULL,
  reasons      MEDIUMTEXT NOT NULL,
  since        DATETIME(3) NOT NULL,
  judged       DATETIME(3) NOT NULL,
  recheck      DATETIME(3) NULL,
  expires      DATETIME(3) NULL,
  PRIMARY KEY (kind, value, sensor),
  KEY verdicts_by_state (state, since),
  KEY verdicts_by_since (since)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS verdict_history (
  kind         VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value        VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at           DATETIME(3) NOT NULL,
  from_state   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  to_state     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ratio        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  policy_line  TEXT NOT NULL,
  PRIMARY KEY (kind, value, sensor, at),
  KEY verdict_history_by_time (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The hour leads the key: panels ask for a period, retention deletes one, and new rows go to the end of the table.
CREATE TABLE IF NOT EXISTS sightings_hourly (
  hour       DATETIME(3) NOT NULL,
  kind       VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value      VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client     VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  via        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  count      BIGINT NOT NULL,
  nxdomain   BIGINT NOT NULL,
  first_seen DATETIME(3) NOT NULL,
  last_seen  DATETIME(3) NOT NULL,
  PRIMARY KEY (hour, kind, value, client, via, sensor),
  KEY sightings_by_observable (value, hour),
  KEY sightings_by_client (client, hour)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What is published where. Proofs are renewed all the time; `proved` is kept to the hour.
CREATE TABLE IF NOT EXISTS indicators (
  kind       VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value      VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sid        BIGINT NULL,
  error      TEXT NULL,
  published  DATETIME(3) NULL,
  proved     DATETIME(3) NULL,
  expires    DATETIME(3) NULL,
  PRIMARY KEY (kind, value, sensor, target),
  KEY indicators_by_published (published)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS overrides (
  sensor   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  pattern  VARCHAR(2100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  action   VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason   TEXT NOT NULL,
  created  DATETIME(3) NOT NULL,
  expires  DATETIME(3) NULL,
  PRIMARY KEY (sensor, pattern)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Equal alerts of one minute are one row with a count.
CREATE TABLE IF NOT EXISTS suricata_alerts (
  minute     DATETIME(3) NOT NULL,
  sensor     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sid        BIGINT NOT NULL,
  client     VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  peer       VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind       VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value      VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  signature  TEXT NOT NULL,
  category   TEXT NOT NULL,
  severity   INT NOT NULL,
  action     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  count      BIGINT NOT NULL,
  first_seen DATETIME(3) NOT NULL,
  last_seen  DATETIME(3) NOT NULL,
  PRIMARY KEY (minute, sensor, sid, client, peer, kind, value),
  KEY alerts_by_observable (value, minute),
  KEY alerts_by_client (client, minute)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What happened within a minute, not totals since a start.
CREATE TABLE IF NOT EXISTS suricata_stats (
  minute   DATETIME(3) NOT NULL,
  sensor   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  packets  BIGINT NOT NULL,
  drops    BIGINT NOT NULL,
  alerts   BIGINT NOT NULL,
  PRIMARY KEY (minute, sensor)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS pihole_stats (
  minute    DATETIME(3) NOT NULL,
  sensor    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  queries   BIGINT NOT NULL,
  blocked   BIGINT NOT NULL,
  cached    BIGINT NOT NULL,
  forwarded BIGINT NOT NULL,
  blocking  TINYINT NULL,
  PRIMARY KEY (minute, sensor)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS lookups (
  at       DATETIME(3) NOT NULL,
  sensor   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind     VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value    VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  lane     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  took_ms  BIGINT NOT NULL,
  error    TEXT NULL,
  PRIMARY KEY (at, sensor, source, kind, value),
  KEY lookups_by_observable (value)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What each sensor spent of its source's allowance, by day and by month (`window` is a reserved word).
CREATE TABLE IF NOT EXISTS quota (
  starts_at    DATETIME(3) NOT NULL,
  sensor       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quota_window VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  used         BIGINT NOT NULL,
  used_by_lane TEXT NOT NULL,
  allowed      BIGINT NULL,
  foreign_used BIGINT NULL,
  PRIMARY KEY (starts_at, sensor, source, quota_window)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Who is asking what at this moment, among the sensors that share one account. `account` is a hash of the key.
CREATE TABLE IF NOT EXISTS quota_leases (
  account      CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind         VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value        VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  leased_until DATETIME(3) NOT NULL,
  PRIMARY KEY (account, kind, value),
  KEY quota_leases_by_expiry (leased_until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What the sensors of one account took of a window: each its own row, and one row of all together, whose `sensor` is empty.
CREATE TABLE IF NOT EXISTS quota_taken (
  account      CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quota_window VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  starts_at    DATETIME(3) NOT NULL,
  sensor       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken        BIGINT NOT NULL,
  PRIMARY KEY (account, quota_window, starts_at, sensor),
  KEY quota_taken_by_start (starts_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
