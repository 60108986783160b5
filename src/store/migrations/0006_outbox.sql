-- What the central database does not know yet: keys, not copies, so that a row that changes a hundred times is sent once.
-- Triggers write it in the transaction of the fact itself; they exist only where a central database is configured.
CREATE TABLE outbox (
  relation TEXT NOT NULL,            -- table of the central schema
  k1       INTEGER NOT NULL,         -- the key of the changed row; what each part means depends on the relation
  k2       INTEGER NOT NULL DEFAULT 0,
  k3       INTEGER NOT NULL DEFAULT 0,
  k4       TEXT NOT NULL DEFAULT '',
  version  INTEGER NOT NULL DEFAULT 1, -- grows with each change; an acknowledgement of an older version counts for nothing
  PRIMARY KEY (relation, k1, k2, k3, k4)
) STRICT, WITHOUT ROWID;

-- Rows the central database refuses for what is in them. Tried again when they change and at every start.
CREATE TABLE outbox_aside (
  relation TEXT NOT NULL,
  k1       INTEGER NOT NULL,
  k2       INTEGER NOT NULL,
  k3       INTEGER NOT NULL,
  k4       TEXT NOT NULL,
  at       INTEGER NOT NULL,         -- ms
  error    TEXT NOT NULL,
  PRIMARY KEY (relation, k1, k2, k3, k4)
) STRICT, WITHOUT ROWID;

-- What a sensor remembers about itself and the central database: instance, seeded, synced_until, thinned.
CREATE TABLE central_state (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened within a minute: differences, so that a restart of Suricata, Pi-hole or guardian shows as nothing odd.
CREATE TABLE suricata_stats (
  minute  INTEGER PRIMARY KEY,       -- ms, start of the minute
  packets INTEGER NOT NULL,
  drops   INTEGER NOT NULL,
  alerts  INTEGER NOT NULL
) STRICT;
CREATE TABLE pihole_stats (
  minute    INTEGER PRIMARY KEY,     -- ms, start of the minute
  queries   INTEGER NOT NULL,
  blocked   INTEGER NOT NULL,
  cached    INTEGER NOT NULL,
  forwarded INTEGER NOT NULL,
  blocking  INTEGER                  -- 0 or 1, as it was last; NULL where Pi-hole did not say
) STRICT;
