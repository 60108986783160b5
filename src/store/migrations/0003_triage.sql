-- Which names are asked: budgets of the queue, and the hosts below a domain.

-- Who brought a question and what it counts against, as 31-bit FNV-1a of the client's address and of the registrable domain or shared
-- suffix. Two that share a number share a budget, and nothing else; 0 has none.
ALTER TABLE lookup_queue ADD COLUMN client INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lookup_queue ADD COLUMN budget_group INTEGER NOT NULL DEFAULT 0;
CREATE INDEX lookup_queue_by_client ON lookup_queue (client, score) WHERE lane = 'new';
CREATE INDEX lookup_queue_by_group ON lookup_queue (budget_group, score) WHERE lane = 'new' AND budget_group <> 0;

-- From here on `score` is in hundredths, `parts` is `id:hundredths` pairs with the ids of this table, and `not_before` is 0 where nothing was
-- tried: a million waiting questions are to stay below 300 MB. What waits is weighed anew when it is seen again.
CREATE TABLE score_parts (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
UPDATE lookup_queue SET score = round(score * 100), parts = '';
DROP INDEX lookup_queue_by_worth;
CREATE INDEX lookup_queue_by_worth ON lookup_queue (lane, score DESC);
