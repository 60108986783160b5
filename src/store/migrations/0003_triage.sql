-- Which names are asked: budgets of the queue, and the hosts below a domain.

-- Who brought a question and what it counts against, as 32-bit FNV-1a of the client's address and of the registrable domain or shared
-- suffix. Two that share a number share a budget, and nothing else; 0 has none.
ALTER TABLE lookup_queue ADD COLUMN client INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lookup_queue ADD COLUMN budget_group INTEGER NOT NULL DEFAULT 0;
CREATE INDEX lookup_queue_by_client ON lookup_queue (client, score) WHERE lane = 'new';
CREATE INDEX lookup_queue_by_group ON lookup_queue (budget_group, score) WHERE lane = 'new';

-- The hosts below a registrable domain: one answer serves them, or opens them all.
CREATE INDEX IF NOT EXISTS observables_by_registrable ON observables (registrable) WHERE registrable IS NOT NULL;
