-- Who had used something when it turned out to be bad. Outlives the sightings it was made of.
CREATE TABLE findings (
  observable_id INTEGER NOT NULL,
  client        TEXT NOT NULL,    -- canonical address; '' where no event named one
  found_at      INTEGER NOT NULL, -- ms, when the verdict turned malicious
  first_seen    INTEGER NOT NULL, -- ms
  last_seen     INTEGER NOT NULL, -- ms
  count         INTEGER NOT NULL, -- questions, handshakes, requests until then
  PRIMARY KEY (observable_id, client)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_by_time ON findings (found_at);

-- Which voices an operator overruled with which word. Forgetting the word forgets the correction.
CREATE TABLE voice_corrections (
  pattern TEXT NOT NULL,
  voice   TEXT NOT NULL,          -- familyOf() of an engine or feed
  PRIMARY KEY (pattern, voice)
) STRICT, WITHOUT ROWID;
