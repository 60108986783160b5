-- The worst alerts of a minute are found in a flood of lesser ones without reading those.
CREATE INDEX alerts_severe ON alerts (at) WHERE severity = 1;
