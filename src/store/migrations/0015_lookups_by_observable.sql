-- Whether and when an observable was asked about: for each unanswered name, at every sweep, and what retention may not forget.
CREATE INDEX lookups_by_observable ON lookups (observable_id);
