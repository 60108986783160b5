-- What came of each target's last canary: a harmless name of ours that was published, asked back and withdrawn.
CREATE TABLE canaries (
  target  TEXT PRIMARY KEY,
  at      INTEGER NOT NULL,       -- ms, when the run began
  name    TEXT NOT NULL,          -- the name that was published: below guardian.test
  outcome TEXT NOT NULL CHECK (outcome IN ('proved', 'unproved', 'unsupported', 'failed', 'left_behind')),
  took_ms INTEGER NOT NULL,       -- from publishing to the target's answer
  why     TEXT                    -- where it was not proved
) STRICT, WITHOUT ROWID;
