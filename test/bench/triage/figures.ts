import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyOf, type Observable } from '../../../src/core/observable.ts';
import { Store } from '../../../src/store/store.ts';
import { ClientWatch } from '../../../src/triage/client-watch.ts';
import { IntakeDesk } from '../../../src/triage/intake-desk.ts';
import { builtInModel } from '../../../src/triage/lexical-model.ts';
import { NO_LISTS, NO_MEMORY } from '../../../src/triage/network-memory.ts';
import { SignalReader } from '../../../src/triage/signal-reader.ts';
import type { Household } from './household.ts';
import { batchOf } from './simulate.ts';

const MILLION = 1_000_000;
const NOW = Date.UTC(2026, 0, 5);
const SID_RANGE = { first: 1, last: 1_000 };

/** Names whose signals are gathered and whose worth is reckoned, a second. Nothing is cached between them. */
export function scoredPerSecond({ seeings }: Household): number {
  const now = (): number => 0;
  const reader = new SignalReader({
    model: builtInModel,
    memory: NO_MEMORY,
    names: NO_LISTS,
    watch: new ClientWatch(),
    now,
  });
  const names = [...new Set(seeings.map(({ name }) => name))].map((value): Observable => ({ kind: 'domain', value }));
  const begun = performance.now();
  for (const observable of names) reader.worthOf(observable, { via: 'dns', client: '192.168.1.10' });
  return Math.round((names.length / (performance.now() - begun)) * 1_000);
}

/** Runs one of the figures below in a process of its own, so that its memory is its own. */
export function inOwnProcess(figure: 'queue' | 'verdicts'): Readonly<Record<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), 'hng-bench-'));
  try {
    const run = (step: string): string =>
      execFileSync(process.execPath, ['--import', 'tsx', import.meta.filename, step, dir], { encoding: 'utf8' });
    run(`${figure}-fill`);
    return JSON.parse(run(`${figure}-open`)) as Record<string, number>;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function fillQueue(dir: string): void {
  const store = open(dir);
  const desk = new IntakeDesk({
    book: {
      put: (...args) => store.queue.put(...args),
      hasAnswer: () => false,
      idOf: (observable, at) => store.observables.idOf(keyOf(observable), at).id,
      trim: (limit) => store.queue.trim(limit),
    },
    memory: store.queue.candidates,
    surroundings: () => ({ names: new Set(), addresses: new Set(), hosts: new Set() }),
    now: () => NOW,
    // The queue of the product ends at 100,000; here it is to hold ten times that.
    maxWaiting: 20 * MILLION,
  });
  for (let i = 0; i < MILLION; i += 5_000) {
    const seen = Array.from({ length: 5_000 }, (_, j) => ({
      at: 1_000,
      name: nameOf(i + j),
      client: `10.0.${j % 20}.1`,
    }));
    const batch = batchOf(seen);
    store.transact(() => desk.considerNew(store.sightings.record(batch), batch));
  }
  store.close();
}

// What a daemon does with such a queue: open it, take the worthiest, put one in, count.
function useQueue(dir: string): Record<string, number> {
  const begun = performance.now();
  const store = open(dir);
  const openedMs = performance.now() - begun;
  const rounds = 500;
  const from = performance.now();
  for (let i = 0; i < rounds; i++) {
    const question = store.queue.next('new', NOW);
    if (question !== undefined) store.queue.remove(question.observable);
    const { id } = store.observables.idOf(`domain:late${i}.example.org`, NOW);
    store.queue.put(id, 'new', 11, { kind_domain: 10 }, NOW);
  }
  const takenUs = ((performance.now() - from) / rounds) * 1_000;
  const { length } = store.queue.size();
  const rssMb = process.memoryUsage().rss / 1e6;
  store.close();
  return { length, openedMs, takenUs, rssMb, diskMb: diskMb(dir) };
}

function fillVerdicts(dir: string): void {
  const store = open(dir);
  for (let i = 0; i < MILLION; i += 10_000) {
    store.transact(() => {
      for (let j = i; j < i + 10_000; j++) {
        store.verdicts.keep({
          observable: { kind: 'domain', value: nameOf(j) },
          state: 'clean',
          strong: false,
          block: false,
          held: false,
          reasons: [{ code: 'engines', text: 'virustotal counts 0/92 engines, 60 with an opinion.' }],
          policyLine: 'clean: 0 of the engines with an opinion',
          ratio: '0/92',
          since: NOW,
          judgedAt: NOW,
          recheckAt: NOW + j * 100,
        });
      }
    });
  }
  store.close();
}

function useVerdicts(dir: string): Record<string, number> {
  const begun = performance.now();
  const store = open(dir);
  const openedMs = performance.now() - begun;
  const due = store.queue.candidates.dueForRecheck(NOW + 50_000 * 100, 50).length;
  const readyMs = performance.now() - begun;
  const state = store.verdicts.find({ kind: 'domain', value: nameOf(77) })?.state;
  const rssMb = process.memoryUsage().rss / 1e6;
  store.close();
  return { openedMs, readyMs, due, found: Number(state === 'clean'), rssMb, diskMb: diskMb(dir) };
}

function open(dir: string): Store {
  return new Store({ path: join(dir, 'guardian.db'), sidRange: SID_RANGE });
}

function nameOf(i: number): string {
  return `${((i * 2_654_435_761) >>> 0).toString(36)}${i.toString(36)}.com`;
}

function diskMb(dir: string): number {
  return readdirSync(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0) / 1e6;
}

const STEPS: Readonly<Record<string, (dir: string) => unknown>> = {
  'queue-fill': fillQueue,
  'queue-open': useQueue,
  'verdicts-fill': fillVerdicts,
  'verdicts-open': useVerdicts,
};

const [, script, step = '', dir = ''] = process.argv;
if (script === import.meta.filename) process.stdout.write(JSON.stringify(STEPS[step]?.(dir) ?? {}));
