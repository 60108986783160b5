import { type Connection, createConnection } from 'mysql2/promise';
import { type Mariadb, startMariadb } from '../support/mariadb.ts';
import { requires } from '../support/requirement.ts';
import { tempDir } from '../support/temp-dir.ts';
import { asGrafana, ask, grants } from './ask.ts';
import { alertRules, list, object, shipped } from './dashboard-file.ts';
import { emptyWorld, fillWorld, makeSchema } from './fill-world.ts';
import { momentOf } from './question.ts';
import type { Cell } from './tally.ts';
import {
  type Alert,
  DAY,
  EMPTY,
  HOUR,
  type Lookup,
  MINUTE,
  type Minute,
  NOW,
  type Pihole,
  type Scan,
  type Sensor,
  type Sighting,
  type Thing,
  type Verdict,
  type World,
} from './world.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
  skip(message?: string): void;
}

/** A database as Grafana sees it, into which one small world after the other is written. */
export class Scene {
  readonly #server: Mariadb;
  readonly #writer: Connection;
  readonly #reader: Connection;

  private constructor(server: Mariadb, writer: Connection, reader: Connection) {
    this.#server = server;
    this.#writer = writer;
    this.#reader = reader;
  }

  /** `undefined` where the test is skipped. */
  static async open(t: TestContext): Promise<Scene | undefined> {
    if (!requires(t, 'mariadb')) return undefined;
    const server = await startMariadb(t, { dir: tempDir(t) });
    await makeSchema(server, grants());
    const writer = await createConnection({ socketPath: server.socket, user: 'root', charset: 'utf8mb4_unicode_ci' });
    const reader = await asGrafana(server);
    t.after(() => {
      writer.destroy();
      reader.destroy();
    });
    return new Scene(server, writer, reader);
  }

  /** Replaces all rows. */
  async set(world: Partial<World>): Promise<void> {
    await emptyWorld(this.#writer);
    await fillWorld(this.#server, this.#writer, { ...EMPTY, ...world });
  }

  /** What a query of ours answers now. */
  async rows(name: string): Promise<readonly (readonly Cell[])[]> {
    const query = shipped().find((one) => one.name === name);
    if (query === undefined) throw new Error(`There is no query ${name}`);
    const choice = { minPositives: 5, shownFrom: 0, search: '' };
    const question = { world: EMPTY, from: NOW - 7 * DAY, to: NOW, bucketMs: HOUR, choice };
    return (await ask(this.#reader, query, momentOf(question))).rows;
  }

  /** What a rule tells of now: the texts of each row whose number is beyond the rule's bound. */
  async firing(uid: string): Promise<readonly string[]> {
    const rows = await this.rows(`alert/${uid}`);
    const isBeyond = conditionOf(uid);
    return rows
      .filter((row) => row.some((cell) => typeof cell === 'number' && isBeyond(cell)))
      .map((row) => row.filter((cell) => typeof cell === 'string').join(' '))
      .toSorted();
  }
}

function conditionOf(uid: string): (value: number) => boolean {
  const rule = alertRules().find((one) => one.uid === uid);
  const [condition] = list(object(list(rule?.data)[1]?.model).conditions);
  const { type, params } = object(condition?.evaluator);
  const [low = 0, high = 0] = params as readonly number[];
  return type === 'gt' ? (value) => value > low : (value) => value < low || value > high;
}

/** What a clock says that is years ahead. */
export const AHEAD = NOW + 1000 * DAY;

const BAD: Thing = { kind: 'domain', value: 'bad.example.com' };

export const scan = (at: number, rest: Partial<Scan> = {}): Scan => ({
  ...{
    ...BAD,
    source: 'virustotal',
    at,
    sensor: 'gateway',
    outcome: 'found',
    analysedAt: null,
    positives: 0,
    total: 92,
  },
  ...{ permalink: '', results: [], ...rest },
});

export const sighting = (at: number, rest: Partial<Sighting> = {}): Sighting => ({
  ...{ ...BAD, hour: at - (at % HOUR), client: 'laptop', via: 'dns', sensor: 'gateway', count: 1, nxdomain: 0 },
  ...{ firstSeen: at, lastSeen: at, ...rest },
});

export const verdict = (rest: Partial<Verdict> = {}): Verdict => ({
  ...{
    ...BAD,
    sensor: 'gateway',
    state: 'malicious',
    held: 0,
    ratio: '9/92',
    since: NOW - DAY,
    judged: NOW - DAY,
    ...rest,
  },
});

export const alert = (minute: number, rest: Partial<Alert> = {}): Alert => ({
  ...{ ...BAD, minute, sensor: 'gateway', sid: 1, client: 'laptop', peer: '192.0.2.1', signature: 'S', category: 'C' },
  ...{ severity: 1, action: 'allowed', count: 10, ...rest },
});

export const minute = (at: number, rest: Partial<Minute> = {}): Minute => ({
  ...{ minute: at - (at % MINUTE), sensor: 'gateway', events: 0, dropped: 0, malformed: 0, truncated: 0, lost: 0 },
  ...{ blind: 0, queue: 0, oldest: 0, used: 0, allowed: 500, coverage: 1, proofAge: 0, lag: 0, outboxRows: 0, ...rest },
});

export const pihole = (at: number, rest: Partial<Pihole> = {}): Pihole => ({
  ...{ minute: at - (at % MINUTE), sensor: 'gateway', queries: 0, blocked: 0, cached: 0, forwarded: 0, blocking: 1 },
  ...rest,
});

export const sensor = (rest: Partial<Sensor> = {}): Sensor => ({
  ...{ sensor: 'gateway', version: '1', started: NOW - DAY, heartbeat: NOW, skewMs: 0, syncedUntil: NOW },
  ...{ outboxRows: 0, setAside: 0, thinned: 0, ...rest },
});

export const lookup = (at: number, rest: Partial<Lookup> = {}): Lookup => ({
  ...{ ...BAD, source: 'virustotal', at, sensor: 'gateway', outcome: 'found', tookMs: 100, ...rest },
});
