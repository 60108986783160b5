-- Who asked Pi-hole for what we block there. Times are epoch milliseconds, UTC.
CREATE TABLE pihole_hits (
  observable_id INTEGER NOT NULL,
  hour          INTEGER NOT NULL, -- ms, start of the UTC hour
  client        TEXT NOT NULL,    -- canonical address; '' where Pi-hole hides it
  count         INTEGER NOT NULL,
  last_seen     INTEGER NOT NULL, -- ms, when it was read from Pi-hole
  PRIMARY KEY (observable_id, hour, client)
) STRICT, WITHOUT ROWID;
CREATE INDEX pihole_hits_by_hour ON pihole_hits (hour);

-- A report of a week must not read the answers of years.
CREATE INDEX reports_by_time ON reports (asked_at);
