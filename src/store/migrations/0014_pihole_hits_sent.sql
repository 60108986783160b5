-- What was counted before the central database had a place for it.
INSERT OR IGNORE INTO outbox (relation, k1, k2, k3, k4) SELECT 'pihole_hits', hour, observable_id, 0, client FROM pihole_hits
  WHERE EXISTS (SELECT 1 FROM central_state WHERE name = 'seeded');
