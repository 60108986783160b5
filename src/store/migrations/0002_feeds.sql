-- Lists that are fetched as a whole. Times are epoch milliseconds, UTC.
CREATE TABLE feeds (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  role          TEXT NOT NULL,    -- evidence, popularity, dynamic_dns, shared_hosting
  origin        TEXT NOT NULL,    -- hash of where and how it is read: validators of another origin are not used
  generation    INTEGER NOT NULL, -- the version that counts; see feed_entries
  entries       INTEGER NOT NULL, -- in that version
  etag          TEXT,
  last_modified TEXT,
  fetched_at    INTEGER,          -- ms, when that version was read or confirmed last
  changed_at    INTEGER,          -- ms, when that version came
  tried_at      INTEGER,          -- ms, last attempt
  retry_at      INTEGER,          -- ms; the host asked to be left alone until then
  failures      INTEGER NOT NULL, -- attempts in a row that brought nothing
  problem       TEXT              -- of the last attempt, NULL when it was good
) STRICT;

-- What is listed. A row counts while since <= feeds.generation and (until IS NULL or until > feeds.generation): a new
-- version is written beside the old one bit by bit, and one change of feeds.generation swaps all of it.
CREATE TABLE feed_entries (
  key     TEXT NOT NULL,          -- `kind:value`, `net:CIDR`, or `urlhost:HOST` (a listed URL is on that host)
  feed_id INTEGER NOT NULL,
  since   INTEGER NOT NULL,       -- generation
  until   INTEGER,                -- generation; NULL while nothing takes it out
  rank    INTEGER,                -- popularity: at least this good (a rounded rank); NULL elsewhere
  PRIMARY KEY (key, feed_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_entries_by_feed ON feed_entries (feed_id, since);
CREATE INDEX feed_entries_leaving ON feed_entries (feed_id, until) WHERE until IS NOT NULL;

-- Parts of a feed that comes in parts (the events of a MISP feed), so that only changed ones are fetched again.
CREATE TABLE feed_parts (
  id      INTEGER PRIMARY KEY,
  feed_id INTEGER NOT NULL,
  part    TEXT NOT NULL,
  version TEXT NOT NULL,
  keys    TEXT NOT NULL,          -- as in feed_entries, one a line
  UNIQUE (feed_id, part)
) STRICT;

-- Which seen names stand below a name that was listed today.
CREATE INDEX IF NOT EXISTS observables_by_registrable ON observables (registrable) WHERE registrable IS NOT NULL;
