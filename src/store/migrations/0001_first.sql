-- Times are epoch milliseconds, UTC. A key is `kind:value` of a canonical observable, e.g. `domain:example.com`.

-- Everything ever seen. The value is canonical, so equal things are one row.
CREATE TABLE observables (
  id          INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  registrable TEXT,              -- registrable domain of a domain or of a URL's host; NULL for addresses and files
  first_seen  INTEGER NOT NULL   -- ms, by Suricata's clock
) STRICT;
CREATE INDEX observables_by_first_seen ON observables (first_seen);

CREATE TABLE clients (
  id      INTEGER PRIMARY KEY,
  address TEXT NOT NULL UNIQUE   -- canonical IPv4 or IPv6; '' where an event names no client
) STRICT;

-- Who talked to what. The observable leads the key: every question asked of this table is about one.
CREATE TABLE sightings_hourly (
  observable_id INTEGER NOT NULL,
  hour          INTEGER NOT NULL, -- ms, start of the UTC hour
  client_id     INTEGER NOT NULL,
  via           TEXT NOT NULL,    -- dns tls http quic file flow smtp alert
  count         INTEGER NOT NULL, -- questions, handshakes, requests; 0 when only an answer was heard
  nxdomain      INTEGER NOT NULL, -- how many were answered NXDOMAIN
  first_seen    INTEGER NOT NULL, -- ms
  last_seen     INTEGER NOT NULL, -- ms
  PRIMARY KEY (observable_id, hour, client_id, via)
) STRICT, WITHOUT ROWID;

-- Every answer that cost something, for ever (retention.reports).
CREATE TABLE reports (
  id               INTEGER PRIMARY KEY,
  observable_id    INTEGER NOT NULL,
  source           TEXT NOT NULL,
  outcome          TEXT NOT NULL,    -- found, not_found
  asked_at         INTEGER NOT NULL, -- ms, by our clock
  last_analysis_at INTEGER,          -- ms, by the source's clock; NULL where it does not say
  malicious        INTEGER NOT NULL, -- engines, as are the four below
  suspicious       INTEGER NOT NULL,
  harmless         INTEGER NOT NULL,
  undetected       INTEGER NOT NULL,
  timeout          INTEGER NOT NULL,
  reputation       INTEGER NOT NULL,
  permalink        TEXT NOT NULL,
  detail           TEXT NOT NULL     -- JSON: flagged, votes, categories, remarks, created_at
) STRICT;
CREATE INDEX reports_by_observable ON reports (observable_id, source, asked_at);

CREATE TABLE verdicts (
  observable_id INTEGER PRIMARY KEY,
  state         TEXT NOT NULL,
  strong        INTEGER NOT NULL, -- 0 or 1
  block         INTEGER NOT NULL, -- 0 or 1: may be published
  held          INTEGER NOT NULL, -- 0 or 1: waits for a person
  ratio         TEXT,             -- `7/92`
  policy_line   TEXT NOT NULL,
  reasons       TEXT NOT NULL,    -- JSON array of {code, text}
  since         INTEGER NOT NULL, -- ms, last change of state
  judged_at     INTEGER NOT NULL, -- ms
  recheck_at    INTEGER           -- ms
) STRICT;
CREATE INDEX verdicts_by_state ON verdicts (state, since);
CREATE INDEX verdicts_by_recheck ON verdicts (recheck_at) WHERE recheck_at IS NOT NULL;

CREATE TABLE verdict_history (
  observable_id INTEGER NOT NULL,
  at            INTEGER NOT NULL, -- ms
  from_state    TEXT NOT NULL,
  to_state      TEXT NOT NULL,
  ratio         TEXT,
  policy_line   TEXT NOT NULL,
  PRIMARY KEY (observable_id, at)
) STRICT, WITHOUT ROWID;

-- What is still to be asked. A row leaves only when an answer is in `reports` or the question may never be asked.
CREATE TABLE lookup_queue (
  observable_id INTEGER PRIMARY KEY,
  lane          TEXT NOT NULL,    -- alert, manual, recheck, new: which share of the quota pays
  score         REAL NOT NULL,    -- worth; higher is asked first
  parts         TEXT NOT NULL,    -- JSON: what the score is made of
  enqueued_at   INTEGER NOT NULL, -- ms
  not_before    INTEGER NOT NULL, -- ms; later than now after a failed attempt
  attempts      INTEGER NOT NULL,
  last_error    TEXT              -- of the last attempt that brought no answer
) STRICT;
CREATE INDEX lookup_queue_by_worth ON lookup_queue (lane, score DESC, enqueued_at);

-- Every question asked, with what came of it.
CREATE TABLE lookups (
  id            INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL, -- ms
  source        TEXT NOT NULL,
  observable_id INTEGER NOT NULL,
  lane          TEXT NOT NULL,
  outcome       TEXT NOT NULL,    -- found, not_found, quota, unavailable, credentials, refused
  took_ms       INTEGER NOT NULL,
  error         TEXT
) STRICT;
CREATE INDEX lookups_by_time ON lookups (at);

-- Every name that ever left this machine: the ledger an owner may read.
CREATE TABLE disclosures (
  source   TEXT NOT NULL,         -- to whom
  sent     TEXT NOT NULL,         -- exactly what was sent: a URL without its query
  first_at INTEGER NOT NULL,      -- ms
  last_at  INTEGER NOT NULL,      -- ms
  times    INTEGER NOT NULL,
  PRIMARY KEY (source, sent)
) STRICT, WITHOUT ROWID;

-- What was spent of an allowance, by window. A window is named by its start, so a clock jump opens no second one.
CREATE TABLE quota_spent (
  source    TEXT NOT NULL,
  window    TEXT NOT NULL,        -- minute, day, month
  starts_at INTEGER NOT NULL,     -- ms, UTC
  lane      TEXT NOT NULL,
  used      INTEGER NOT NULL,
  PRIMARY KEY (source, window, starts_at, lane)
) STRICT, WITHOUT ROWID;

-- What the source says of the allowance of our key.
CREATE TABLE quota_allowed (
  source       TEXT NOT NULL,
  window       TEXT NOT NULL,
  allowed      INTEGER NOT NULL,
  foreign_used INTEGER NOT NULL,  -- spent with the same key by others in the window that holds read_at
  read_at      INTEGER NOT NULL,  -- ms
  PRIMARY KEY (source, window)
) STRICT, WITHOUT ROWID;

-- What should be published, everywhere.
CREATE TABLE indicators (
  observable_id INTEGER PRIMARY KEY,
  subdomains    INTEGER NOT NULL, -- 0 or 1: names below a domain too
  source        TEXT NOT NULL,
  ratio         TEXT NOT NULL,
  strong        INTEGER NOT NULL, -- 0 or 1
  engines       INTEGER NOT NULL,
  permalink     TEXT NOT NULL,
  since         INTEGER NOT NULL, -- ms
  expires_at    INTEGER NOT NULL  -- ms
) STRICT;

-- What is published where.
CREATE TABLE publications (
  target        TEXT NOT NULL,
  observable_id INTEGER NOT NULL,
  state         TEXT NOT NULL,    -- published, proved, failed
  error         TEXT,
  published_at  INTEGER,          -- ms
  proved_at     INTEGER,          -- ms
  PRIMARY KEY (target, observable_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX publications_by_observable ON publications (observable_id);

-- A rule's sid belongs to its indicator for life, also after the indicator is gone.
CREATE TABLE rule_sids (
  key       TEXT PRIMARY KEY,
  sid       INTEGER NOT NULL UNIQUE,
  rev       INTEGER NOT NULL,
  text_hash TEXT NOT NULL         -- of the rule text without sid and rev
) STRICT, WITHOUT ROWID;

CREATE TABLE overrides (
  pattern    TEXT PRIMARY KEY,    -- canonical spelling
  action     TEXT NOT NULL,       -- block, allow
  reason     TEXT NOT NULL,
  created_at INTEGER NOT NULL,    -- ms
  expires_at INTEGER              -- ms; NULL until forgotten
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
  id            INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL, -- ms, by Suricata's clock
  sid           INTEGER NOT NULL,
  signature     TEXT NOT NULL,
  category      TEXT NOT NULL,
  severity      INTEGER NOT NULL, -- 1 worst to 4
  action        TEXT NOT NULL,    -- allowed, blocked
  client        TEXT NOT NULL,
  peer          TEXT NOT NULL,
  observable_id INTEGER           -- NULL where the alert names none
) STRICT;
CREATE INDEX alerts_by_time ON alerts (at);
CREATE INDEX alerts_by_observable ON alerts (observable_id, at) WHERE observable_id IS NOT NULL;
