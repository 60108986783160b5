-- Whose allowance it is that a sensor spends: sensors with the same key share one, others do not. `account` is the beginning of the hash
-- under which they find each other, of the key the sensor used last; where a sensor told none, it is alone, and its own name stands there.

CREATE OR REPLACE SQL SECURITY DEFINER VIEW panel_quota AS
SELECT q.starts_at, q.sensor, q.source, q.quota_window, q.used, q.allowed, q.foreign_used, COALESCE(LEFT(m.account, 12), q.sensor) AS account
FROM quota AS q LEFT JOIN quota_members AS m ON m.sensor = q.sensor AND q.source = 'virustotal'
  AND NOT EXISTS (SELECT 1 FROM quota_members AS n
    WHERE n.sensor = m.sensor AND (n.seen > m.seen OR (n.seen = m.seen AND n.account > m.account)));
