-- Questions of an hour, by what came of them. Kept by the sensor that asked.
CREATE TABLE IF NOT EXISTS lookup_hours (
  hour        DATETIME(3) NOT NULL,
  sensor      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  outcome     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  questions   BIGINT NOT NULL,
  took_ms     BIGINT NOT NULL,
  longest_ms  BIGINT NOT NULL,
  PRIMARY KEY (hour, sensor, source, outcome)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_lookup_hours AS
SELECT hour, sensor, source, outcome, questions, took_ms, longest_ms FROM lookup_hours;
