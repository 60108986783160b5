import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Log, LogFields } from '../../../src/lib/log.ts';
import type { Feed } from '../../../src/sources/feeds/feed.ts';
import { type FeedChange, FeedRunner, type FeedRunnerOptions } from '../../../src/sources/feeds/feed-runner.ts';
import { FeedStore } from '../../../src/store/feed-store.ts';
import { ObservableStore } from '../../../src/store/observable-store.ts';
import { openSqliteFile, type Sqlite } from '../../../src/store/sqlite-file.ts';
import { tempDir } from '../../support/temp-dir.ts';

interface TestContext {
  after(fn: () => void | Promise<void>): void;
}

/** How the host answers one path. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A host of feeds on loopback. It answers what it was told to, 404 elsewhere, and notes every request. */
export interface FeedHost {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Serves a text or bytes, with an ETag that follows from them, and 304 to whoever has it. */
  serve(path: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): void;
  answer(path: string, answer: Answer): void;
}

/** Starts a host that ends with the test, together with whatever still hangs on it. */
export async function startFeedHost(t: TestContext): Promise<FeedHost> {
  const answers = new Map<string, Answer>();
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    const answer = answers.get(path);
    if (request.method === 'GET' && answer !== undefined) answer(request, response);
    else response.writeHead(request.method === 'GET' ? 404 : 405).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let version = 0;
  return {
    url,
    requests,
    answer: (path, answer) => void answers.set(path, answer),
    serve: (path, body, headers = {}) => {
      version += 1;
      const etag = `"v${version}"`;
      answers.set(path, (request, response) => {
        if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
        else response.writeHead(200, { etag, ...headers }).end(body);
      });
    },
  };
}

/** A runner with a real store behind it. */
export interface FeedBench {
  readonly store: FeedStore;
  readonly observables: ObservableStore;
  readonly db: Sqlite;
  readonly clock: { now: number };
  readonly changes: FeedChange[];
  readonly lines: string[];
  readonly path: string;
  runner(feeds: readonly Feed[], options?: Partial<FeedRunnerOptions>): FeedRunner;
}

export const NOW = Date.UTC(2026, 3, 15, 9, 30);

/** A store in a fresh folder, and runners on it that are stopped with the test. */
export function feedBench(t: TestContext): FeedBench {
  const path = join(tempDir(t), 'guardian.db');
  const db = openSqliteFile(path);
  const store = new FeedStore(db);
  const clock = { now: NOW };
  const changes: FeedChange[] = [];
  const lines: string[] = [];
  const runners: FeedRunner[] = [];
  t.after(async () => {
    for (const runner of runners) await runner.stop();
    db.close();
  });
  return {
    store,
    observables: new ObservableStore(db),
    db,
    clock,
    changes,
    lines,
    path,
    runner: (feeds, options = {}) => {
      const runner = new FeedRunner({
        feeds,
        book: store,
        onChanged: (change) => void changes.push(change),
        log: recordingLog(lines),
        now: () => clock.now,
        random: () => 0,
        allowLoopback: true,
        ...options,
      });
      runners.push(runner);
      return runner;
    },
  };
}

/** A feed of bad domains; `changes` say what is different. */
export function feed(location: string, changes: Partial<Feed> = {}): Feed {
  return {
    name: 'bad',
    role: 'evidence',
    location,
    format: 'domains',
    weight: 1,
    engine: 'Bad',
    everyMs: 3_600_000,
    minEveryMs: 300_000,
    ...changes,
  };
}

function recordingLog(lines: string[]): Log {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
