-- What the sensors of a fleet agree on. Nothing here holds a key: `account` is a hash of it.

-- Sensors that share an account, and how many questions wait at each.
CREATE TABLE IF NOT EXISTS quota_members (
  account CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seen    DATETIME(3) NOT NULL,
  waiting BIGINT NOT NULL,
  PRIMARY KEY (account, sensor),
  KEY quota_members_by_seen (seen)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What was drawn from a window of an account: a row for each sensor and lane, and one row of all together, whose `sensor` and `lane`
-- are empty. That row bounds the window: it is raised by one conditional update.
CREATE TABLE IF NOT EXISTS quota_drawn (
  account      CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quota_window VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  starts_at    DATETIME(3) NOT NULL,
  sensor       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  lane         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  drawn        BIGINT NOT NULL,
  PRIMARY KEY (account, quota_window, starts_at, sensor, lane),
  KEY quota_drawn_by_start (starts_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- A minute's allowance of n is n places, and each question takes one for a minute: so no sixty seconds ever hold more than n.
CREATE TABLE IF NOT EXISTS quota_places (
  account CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place   INT NOT NULL,
  free_at DATETIME(3) NOT NULL,
  sensor  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (account, place)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- It counted fixed minutes and knew no lanes; no version ever wrote it.
DROP TABLE IF EXISTS quota_taken;

-- Operators' words for all sensors. What was taken back stays as `forget`, so that a sensor that was away hears of it.
-- `changed` is by the clock of the server: sensors read by it what is new.
CREATE TABLE IF NOT EXISTS shared_overrides (
  pattern VARCHAR(2100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  action  VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason  TEXT NOT NULL,
  origin  VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  said    DATETIME(3) NOT NULL,
  expires DATETIME(3) NULL,
  changed DATETIME(3) NOT NULL,
  PRIMARY KEY (pattern),
  KEY shared_overrides_by_change (changed)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
