-- A report that another sensor got. `asked_at` is never later than when it came here: that sensor's clock may be ahead.
ALTER TABLE reports ADD COLUMN origin TEXT;              -- the sensor that asked; NULL for this one
ALTER TABLE reports ADD COLUMN origin_asked_at INTEGER;  -- ms, by the clock of that sensor: names the report in the central database

-- Operators' words that hold on every sensor. What is said of a pattern last replaces what was said before, also by another sensor.
CREATE TABLE shared_overrides (
  pattern    TEXT PRIMARY KEY,    -- canonical spelling
  action     TEXT NOT NULL CHECK (action IN ('block', 'allow', 'forget')),
  reason     TEXT NOT NULL,
  origin     TEXT NOT NULL CHECK (origin IN ('operator', 'config')),
  sensor     TEXT NOT NULL,       -- where it was said
  said_at    INTEGER NOT NULL,    -- ms, by our clock
  expires_at INTEGER,             -- ms; NULL until forgotten
  pending    INTEGER NOT NULL     -- 0 or 1: the central database does not know it yet
) STRICT, WITHOUT ROWID;
