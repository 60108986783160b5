import { existsSync } from 'node:fs';
import { isListenedOn } from '../api/socket-file.ts';
import { DEFAULT_CONFIG_PATH, defaultConfig, loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { readApiKey } from '../config/secrets.ts';
import { CredentialsError, OperatorError, QuotaError, RefusedError } from '../core/errors.ts';
import { type Observable, observableOfKey } from '../core/observable.ts';
import { EvePipeline } from '../eve/eve-pipeline.ts';
import type { IntakeBatch } from '../eve/intake-batch.ts';
import { SILENT } from '../lib/log.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import type { QueuedQuestion } from '../store/queue-store.ts';
import { Store } from '../store/store.ts';
import { IntakeDesk } from '../triage/intake-desk.ts';
import type { Lane } from '../triage/lane.ts';
import { questionBook } from './books.ts';
import { feedList } from './feed-list.ts';
import { FeedWords } from './feed-words.ts';
import { Judgement } from './judgement.ts';
import { Questions } from './questions.ts';
import type { Replay, ReplayOptions, ReplaySummary } from './replay-summary.ts';
import { storeOf, storePath } from './store-of.ts';

/** Rows gathered before they are kept: as the daemon does, so that memory stays bounded for any length of recording. */
const FLUSH_BYTES = 4 * 1024 * 1024;

/** `guardian replay`: the daemon's pipeline, triage and judgement over a recording, on a scratch store of its own. */
export function replayRecording(env: Readonly<Record<string, string | undefined>>): Replay {
  return async (options) => {
    const config = configOf(options);
    if (options.lookups) await refuseBesideDaemon(config.api.socket);
    const cache = cacheOf(config, options.lookups);
    const run = new ReplayRun(config, cache, feedList(config.feeds, env, SILENT));
    try {
      await run.read(options);
      const asked = options.lookups ? await run.ask(env, options.signal) : 0;
      return run.summary(asked);
    } finally {
      run.close();
    }
  };
}

function configOf({ configPath }: ReplayOptions): Config {
  if (configPath !== undefined) return loadConfig({ path: configPath });
  return existsSync(DEFAULT_CONFIG_PATH) ? loadConfig({ path: DEFAULT_CONFIG_PATH }) : defaultConfig();
}

/** The daemon's store is its own to write: only where it does not run may answers be added to it. */
function cacheOf(config: Config, lookups: boolean): Store | undefined {
  return existsSync(storePath(config)) ? storeOf(config, { readOnly: !lookups }) : undefined;
}

async function refuseBesideDaemon(socket: string): Promise<void> {
  if (!(await isListenedOn(socket))) return;
  throw new OperatorError(
    `Cannot ask for a replay: a daemon answers at "${socket}", want it to be the only one who asks`,
    {
      hint: 'Leave --lookups out, or ask the daemon: "guardian lookup NAME".',
    },
  );
}

class ReplayRun {
  readonly #config: Config;
  /** The daemon's store, for answers it already has; absent where there is none. */
  readonly #cache: Store | undefined;
  readonly #scratch: Store;
  readonly #words: FeedWords;
  readonly #judgement: Judgement;
  readonly #desk: IntakeDesk;
  readonly #pipeline: EvePipeline;
  #observables = 0;
  /** The recording's own clock, so that the same recording always gives the same summary. */
  #clock = 0;
  #ordered: readonly QueuedQuestion[] | undefined;

  constructor(config: Config, cache: Store | undefined, feeds: readonly Feed[]) {
    this.#config = config;
    this.#cache = cache;
    this.#scratch = new Store({ path: ':memory:', sidRange: config.suricata.sidRange });
    const now = () => this.#clock;
    this.#words = new FeedWords(this.#cache ?? this.#scratch, feeds);
    this.#judgement = new Judgement({ config, store: this.#scratch, words: this.#words, now });
    this.#desk = new IntakeDesk({
      book: questionBook(this.#scratch),
      surroundings: () => this.#judgement.surroundings,
      now,
    });
    this.#pipeline = new EvePipeline({ now });
  }

  async read({ input, signal }: ReplayOptions): Promise<void> {
    let waiting = 0;
    for await (const chunk of input) {
      signal.throwIfAborted();
      const bytes = Buffer.from(chunk as Uint8Array);
      this.#pipeline.push(bytes, 0);
      waiting += bytes.length;
      if (waiting < FLUSH_BYTES) continue;
      this.#keep(this.#pipeline.flush('all'));
      waiting = 0;
    }
    // A recording need not end in a newline.
    this.#pipeline.push(Buffer.from('\n'), 0);
    this.#keep(this.#pipeline.flush('all'));
  }

  /** Asks what is worth it, the worthiest first, as long as the allowance lasts. Returns how many were asked. */
  async ask(env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<number> {
    const store = this.#cache ?? storeOf(this.#config);
    const apiKey = readApiKey(this.#config.virustotal.apiKeyFile, env, SILENT);
    const words = this.#words;
    const judgement = new Judgement({ config: this.#config, store, words, now: Date.now });
    const questions = new Questions({
      config: this.#config,
      apiKey,
      store,
      judgement,
      words,
      onDecided: () => undefined,
      onVerdict: () => undefined,
      uptimeMs: () => performance.now(),
      log: SILENT,
      now: Date.now,
      random: Math.random,
    });
    let asked = 0;
    try {
      for (const { observable } of this.#waiting()) {
        if (signal.aborted) break;
        if (!(await askOne(questions, observable))) break;
        this.#answer(observable, store);
        asked++;
      }
    } finally {
      await questions.stop();
      if (this.#cache === undefined) store.close();
    }
    return asked;
  }

  summary(asked: number): ReplaySummary {
    const { counters } = this.#pipeline;
    const { events, malformed, refused, fastLines, slowLines } = counters.snapshot();
    const verdicts = this.#scratch.verdicts.countByState();
    const judged = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
    return {
      lines: fastLines + slowLines + malformed,
      malformed,
      events: new Map(Object.entries(events)),
      observables: this.#observables,
      refused: new Map(Object.entries(refused)),
      verdicts: { ...verdicts, unasked: this.#observables - judged },
      malicious: [...this.#scratch.indicators.desired(this.#clock).values()].map(
        (indicator) => indicator.observable.value,
      ),
      wouldAsk: this.#waiting().map(({ observable, lane, score }) => ({ observable: observable.value, lane, score })),
      asked,
    };
  }

  close(): void {
    this.#scratch.close();
    this.#cache?.close();
  }

  #keep(batch: IntakeBatch | undefined): void {
    if (batch === undefined) return;
    for (let at = 6; at < batch.sightings.rows.length; at += 7)
      this.#clock = Math.max(this.#clock, batch.sightings.rows[at] ?? 0);
    this.#scratch.transact(() => {
      const fresh = this.#scratch.sightings.record(batch.sightings);
      this.#observables += fresh.length;
      const unknown = fresh.filter(({ key }) => !this.#answer(observableOfKey(key), this.#cache));
      this.#desk.considerNew(unknown);
      this.#desk.considerAlerts(batch.alerts);
    });
  }

  /** Brings a known answer into the scratch store and judges it by the present policy. Returns whether there was one. */
  #answer(observable: Observable, from: Store | undefined): boolean {
    const reports = from?.reports.latest(observable) ?? [];
    if (reports.length === 0) return false;
    for (const report of reports) this.#scratch.reports.keep(report);
    this.#scratch.queue.remove(observable);
    this.#judgement.rejudge(observable);
    return true;
  }

  /** What waits, in the order in which it would be asked. Taken out of the scratch queue once, since order is the queue's own affair. */
  #waiting(): readonly QueuedQuestion[] {
    this.#ordered ??= [...this.#drain()];
    return this.#ordered;
  }

  *#drain(): Generator<QueuedQuestion> {
    const lanes: readonly Lane[] = ['alert', 'new'];
    for (const lane of lanes) {
      for (
        let next = this.#scratch.queue.next(lane, this.#clock);
        next !== undefined;
        next = this.#scratch.queue.next(lane, this.#clock)
      ) {
        this.#scratch.queue.remove(next.observable);
        yield next;
      }
    }
  }
}

async function askOne(questions: Questions, observable: Observable): Promise<boolean> {
  try {
    await questions.askNow(observable, false);
    return true;
  } catch (error) {
    if (error instanceof QuotaError || error instanceof CredentialsError) return false;
    if (error instanceof RefusedError) return true;
    throw error;
  }
}
