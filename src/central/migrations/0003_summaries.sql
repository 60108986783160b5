-- What dashboards are drawn from: small tables that the sensors keep up to date, so that no panel joins or counts raw rows.
-- A summary's row belongs to the sensor whose rows it sums up, which makes it anew from all of them; doing so twice changes nothing.

-- Reports of an hour that have all of these in common. `vector` is what was asked about: domain, ipv4, ipv6, url, file.
CREATE TABLE IF NOT EXISTS scan_hours (
  hour           DATETIME(3) NOT NULL,
  sensor         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  vector         VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  outcome        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  positives      INT NOT NULL,
  -- What most of the engines call it; empty where none flagged it.
  threat_class   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- How old the source's analysis was when it was asked for: 0 below a day, 1 below a week, 2 below 30 days, 3 older, 9 unknown.
  analysis_age   TINYINT NOT NULL,
  scans          BIGINT NOT NULL,
  -- Seconds, summed over the reports that say when they were analysed.
  analysis_age_s BIGINT NOT NULL,
  PRIMARY KEY (hour, sensor, source, vector, outcome, positives, threat_class, analysis_age)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- A device's hour.
CREATE TABLE IF NOT EXISTS client_hours (
  hour     DATETIME(3) NOT NULL,
  sensor   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client   VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  queries  BIGINT NOT NULL,
  contacts BIGINT NOT NULL,
  names    BIGINT NOT NULL,
  nxdomain BIGINT NOT NULL,
  -- By severity: 1, 2, and 3 or less severe.
  alerts_1 BIGINT NOT NULL,
  alerts_2 BIGINT NOT NULL,
  alerts_3 BIGINT NOT NULL,
  PRIMARY KEY (hour, sensor, client)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- A device's hour with something that is, or was, held to be malicious or suspicious; and the device's alerts in that hour.
CREATE TABLE IF NOT EXISTS flagged_hours (
  hour           DATETIME(3) NOT NULL,
  sensor         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client         VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind           VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value          VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  count          BIGINT NOT NULL,
  first_seen     DATETIME(3) NOT NULL,
  last_seen      DATETIME(3) NOT NULL,
  -- Alerts that name it; all alerts of the device; the worst severity among those.
  alerts         BIGINT NOT NULL,
  client_alerts  BIGINT NOT NULL,
  worst_severity INT NULL,
  PRIMARY KEY (hour, sensor, client, kind, value),
  KEY flagged_by_observable (value, hour)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- A signature's alerts of a device in an hour.
CREATE TABLE IF NOT EXISTS alert_hours (
  hour       DATETIME(3) NOT NULL,
  sensor     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sid        BIGINT NOT NULL,
  client     VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  severity   INT NOT NULL,
  signature  TEXT NOT NULL,
  category   TEXT NOT NULL,
  count      BIGINT NOT NULL,
  blocked    BIGINT NOT NULL,
  peers      BIGINT NOT NULL,
  first_seen DATETIME(3) NOT NULL,
  last_seen  DATETIME(3) NOT NULL,
  PRIMARY KEY (hour, sensor, sid, client)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- A sensor's minute. Counts are what happened within it; the rest is how things stood at its end, NULL where there is nothing to say.
CREATE TABLE IF NOT EXISTS sensor_stats (
  minute         DATETIME(3) NOT NULL,
  sensor         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  events         BIGINT NOT NULL,
  dropped        BIGINT NOT NULL,
  malformed      BIGINT NOT NULL,
  truncated      BIGINT NOT NULL,
  -- DNS records that Suricata counted and we never received: an estimate.
  lost           BIGINT NOT NULL,
  -- 1 where nothing was heard of Suricata.
  blind          TINYINT NOT NULL,
  queue_length   BIGINT NOT NULL,
  queue_oldest_s BIGINT NOT NULL,
  quota_used     BIGINT NULL,
  quota_allowed  BIGINT NULL,
  -- Share of the names first seen today that have an answer.
  coverage       DOUBLE NULL,
  -- Of the target that was proved least lately.
  proof_age_s    BIGINT NULL,
  sync_lag_s     BIGINT NULL,
  outbox_rows    BIGINT NOT NULL,
  memory_bytes   BIGINT NOT NULL,
  PRIMARY KEY (minute, sensor)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- For tables of the newest that have something: all of these columns are in the index, with the key, so that only rows shown are read.
ALTER TABLE scans ADD INDEX scans_by_flag (scan_date, outcome, positives);
ALTER TABLE verdicts ADD INDEX verdicts_by_judged (state, judged);
ALTER TABLE verdict_history ADD INDEX verdict_history_by_state (to_state, at);
