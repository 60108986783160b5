-- What verdicts are made by besides the evidence (policy, allow list, feeds, surroundings), when all of them were last judged by it.
CREATE TABLE judged_by (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  fingerprint TEXT NOT NULL
) STRICT;
