-- Who asked Pi-hole for what we block there, by the hour.
CREATE TABLE IF NOT EXISTS pihole_hits (
  hour      DATETIME(3) NOT NULL,
  kind      VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value     VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client    VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sensor    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  count     BIGINT NOT NULL,
  last_seen DATETIME(3) NOT NULL,
  PRIMARY KEY (hour, kind, value, client, sensor)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_pihole_hits AS
SELECT hour, kind, value, client, sensor, count, last_seen FROM pihole_hits;
