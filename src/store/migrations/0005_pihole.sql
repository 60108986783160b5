-- Entries of ours in Pi-hole's domain list. What is not in here is never deleted there.
CREATE TABLE pihole_entries (
  place TEXT NOT NULL,            -- 'deny/exact', 'deny/regex' or 'allow/exact'
  item  TEXT NOT NULL,            -- canonical name, or the regular expression made of one
  state TEXT NOT NULL CHECK (state IN ('asked', 'placed', 'removed')),
  at    INTEGER NOT NULL,         -- ms, when it came into this state
  PRIMARY KEY (place, item)
) STRICT, WITHOUT ROWID;
