-- What a drive of a target looks through each time: the few that are not proved, and not the hundred thousand that are.
CREATE INDEX publications_unproved ON publications (target, state) WHERE state <> 'proved';
