import type { Statement } from 'better-sqlite3';
import { type Observable, observableOfKey } from '../core/observable.ts';
import type { Via } from '../core/sighting.ts';
import type { VerdictState } from '../core/verdict.ts';
import type { PanelRange } from './scan-panels.ts';
import type { Sqlite } from './sqlite-file.ts';

/** A device and something flagged that it used. */
export interface ContactRow {
  readonly client: string;
  readonly observable: Observable;
  readonly state: VerdictState;
  readonly ratio?: string;
  readonly vias: readonly Via[];
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** Alerts of one signature. */
export interface SignatureRow {
  readonly sid: number;
  readonly signature: string;
  readonly severity: number;
  readonly count: number;
  readonly clients: number;
  readonly lastAt: number;
}

/** A device that asked Pi-hole for what we block there. */
export interface HitRow {
  readonly observable: Observable;
  readonly client: string;
  readonly count: number;
  readonly lastSeenAt: number;
}

/** What Pi-hole did in a step. */
export interface PiholeStepRow {
  readonly at: number;
  readonly queries: number;
  readonly blocked: number;
  readonly cached: number;
  readonly forwarded: number;
  /** Whether its blocking was off at any time of the step. */
  readonly wasOff: boolean;
}

/** How much there is of what was used, beyond any table of it. */
export interface UsedCounts {
  readonly observables: number;
  readonly clients: number;
}

interface Contact {
  readonly client: string;
  readonly key: string;
  readonly state: VerdictState;
  readonly ratio: string | null;
  readonly vias: string;
  readonly count: number;
  readonly first_seen: number;
  readonly last_seen: number;
}

/** Flagged by at least one engine. Ordered by how bad it is. */
const FLAGGED = `('malicious', 'suspicious', 'noise')`;
const RANK = `CASE state WHEN 'malicious' THEN 0 WHEN 'suspicious' THEN 1 ELSE 2 END`;
const STEP = (column: string) => `${column} - ${column} % @stepMs AS at`;
/** A clock that was ahead for a moment leaves rows of a time to come, which would stay in every report until then. */
const WITHIN = (column: string) => `${column} >= @since AND ${column} <= @now`;
const USES = `verdicts JOIN sightings_hourly USING (observable_id) JOIN clients ON clients.id = client_id
  JOIN observables ON observables.id = verdicts.observable_id
  WHERE state IN ${FLAGGED} AND ${WITHIN('last_seen')} AND hour >= @since - 3600000`;

/** What reports show of the network: devices, alerts, load. Reads only, and only what lies in the period. */
export class NetworkPanels {
  readonly #contacts: Statement<[Named], Contact>;
  readonly #used: Statement<[Named], UsedCounts & { state: VerdictState }>;
  readonly #alertSteps: Statement<[Named], { at: number; severity: number; n: number }>;
  readonly #signatures: Statement<[Named], SignatureRow>;
  readonly #pihole: Statement<[Named], Omit<PiholeStepRow, 'wasOff'> & { off: number | null }>;
  readonly #suricata: Statement<[Named], { at: number; packets: number; drops: number; alerts: number }>;
  readonly #hits: Statement<[Named], { key: string; client: string; count: number; lastSeenAt: number }>;
  readonly #newNames: Statement<[Named], { at: number; names: number }>;
  readonly #turned: Statement<[Named], { key: string; since: number }>;
  readonly #spent: Statement<[Named], { at: number; used: number }>;

  constructor(db: Sqlite) {
    this.#contacts = db.prepare(
      `SELECT address AS client, key, state, ratio, group_concat(DISTINCT via) AS vias, sum(count) AS count,
         min(sightings_hourly.first_seen) AS first_seen, max(last_seen) AS last_seen
       FROM ${USES}
       GROUP BY verdicts.observable_id, client_id ORDER BY ${RANK}, max(last_seen) DESC, key, address LIMIT @limit`,
    );
    this.#used = db.prepare(
      `SELECT state, count(DISTINCT key) AS observables, count(DISTINCT nullif(address, '')) AS clients FROM ${USES} GROUP BY state`,
    );
    this.#alertSteps = db.prepare(
      `SELECT ${STEP('at')}, severity, count(*) AS n FROM alerts WHERE ${WITHIN('at')} GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    this.#signatures = db.prepare(
      `SELECT sid, signature, min(severity) AS severity, count(*) AS count, count(DISTINCT client) AS clients, max(at) AS lastAt
       FROM alerts WHERE ${WITHIN('at')} GROUP BY sid, signature ORDER BY severity, count DESC, lastAt DESC, sid LIMIT @limit`,
    );
    this.#pihole = db.prepare(
      `SELECT ${STEP('minute')}, sum(queries) AS queries, sum(blocked) AS blocked, sum(cached) AS cached, sum(forwarded) AS forwarded,
         max(blocking = 0) AS off FROM pihole_stats WHERE ${WITHIN('minute')} GROUP BY 1 ORDER BY 1`,
    );
    this.#suricata = db.prepare(
      `SELECT ${STEP('minute')}, sum(packets) AS packets, sum(drops) AS drops, sum(alerts) AS alerts
       FROM suricata_stats WHERE ${WITHIN('minute')} GROUP BY 1 ORDER BY 1`,
    );
    this.#hits = db.prepare(
      `SELECT key, client, sum(count) AS count, max(last_seen) AS lastSeenAt FROM pihole_hits
       JOIN observables ON observables.id = observable_id WHERE hour >= @since - 3600000 AND ${WITHIN('last_seen')}
       GROUP BY observable_id, client ORDER BY lastSeenAt DESC, count DESC, key LIMIT @limit`,
    );
    this.#newNames = db.prepare(
      `SELECT ${STEP('first_seen')}, count(*) AS names FROM observables WHERE ${WITHIN('first_seen')} GROUP BY 1 ORDER BY 1`,
    );
    this.#turned = db.prepare(
      `SELECT key, since FROM verdicts JOIN observables ON observables.id = observable_id
       WHERE state = 'malicious' AND ${WITHIN('since')} ORDER BY since DESC LIMIT @limit`,
    );
    this.#spent = db.prepare(
      `SELECT starts_at AS at, sum(used) AS used FROM quota_spent WHERE source = 'virustotal' AND window = 'day' AND starts_at >= @since - 86400000 AND starts_at <= @now
       GROUP BY starts_at ORDER BY starts_at`,
    );
  }

  /** Devices that used something flagged: the worst first, then the latest. */
  contacts({ since, now }: PanelRange, limit: number): readonly ContactRow[] {
    return this.#contacts.all({ since, now, limit }).map(contactOf);
  }

  /** How many observables of a state were used, and by how many devices that are known by an address. */
  used({ since, now }: PanelRange, state: VerdictState): UsedCounts {
    const row = this.#used.all({ since, now }).find((one) => one.state === state);
    return { observables: row?.observables ?? 0, clients: row?.clients ?? 0 };
  }

  /** Alerts by severity, 1 (worst) to 4; steps without one are left out. */
  alertSteps({
    since,
    now,
    stepMs,
  }: PanelRange): readonly { readonly at: number; readonly counts: readonly number[] }[] {
    const steps = new Map<number, number[]>();
    for (const { at, severity, n } of this.#alertSteps.all({ since, now, stepMs })) {
      const counts = steps.get(at) ?? [0, 0, 0, 0];
      const place = Math.min(Math.max(severity, 1), counts.length) - 1;
      counts[place] = (counts[place] ?? 0) + n;
      steps.set(at, counts);
    }
    return [...steps].map(([at, counts]) => ({ at, counts }));
  }

  /** Signatures that alerted, the most severe first. */
  signatures({ since, now }: PanelRange, limit: number): readonly SignatureRow[] {
    return this.#signatures.all({ since, now, limit });
  }

  piholeSteps({ since, now, stepMs }: PanelRange): readonly PiholeStepRow[] {
    return this.#pihole.all({ since, now, stepMs }).map(({ off, ...row }) => ({ ...row, wasOff: off === 1 }));
  }

  suricataSteps({
    since,
    now,
    stepMs,
  }: PanelRange): readonly { at: number; packets: number; drops: number; alerts: number }[] {
    return this.#suricata.all({ since, now, stepMs });
  }

  /** Who asked Pi-hole for what we block there, the latest first. */
  hits({ since, now }: PanelRange, limit: number): readonly HitRow[] {
    return this.#hits
      .all({ since, now, limit })
      .map(({ key, ...row }) => ({ observable: observableOfKey(key), ...row }));
  }

  /** Observables that nobody here had seen before. */
  newNames({ since, now, stepMs }: PanelRange): readonly { readonly at: number; readonly names: number }[] {
    return this.#newNames.all({ since, now, stepMs });
  }

  /** What turned malicious in the period, the latest first. */
  turnedMalicious(
    { since, now }: PanelRange,
    limit: number,
  ): readonly { readonly observable: Observable; readonly since: number }[] {
    return this.#turned
      .all({ since, now, limit })
      .map(({ key, since: at }) => ({ observable: observableOfKey(key), since: at }));
  }

  /** Questions asked on each UTC day that touches the period. */
  spentByDay({ since, now }: PanelRange): readonly { readonly at: number; readonly used: number }[] {
    return this.#spent.all({ since, now });
  }
}

/** Values of a statement's named parameters. */
type Named = Readonly<Record<string, number>>;

function contactOf({ key, ratio, vias, first_seen, last_seen, ...row }: Contact): ContactRow {
  return {
    ...row,
    observable: observableOfKey(key),
    ...(ratio === null ? {} : { ratio }),
    vias: vias.split(',').sort() as Via[],
    firstSeenAt: first_seen,
    lastSeenAt: last_seen,
  };
}
