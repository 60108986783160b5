import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { Store } from '../../../src/store/store.ts';
import { MeasuredProcess } from './measured-process.ts';

/** How many indicators the daemon under measurement enforces. */
export const INDICATORS = 50_000;

const UNIT = new URL('../../../systemd/guardian.service', import.meta.url);
const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/**
 * Starts the built daemon on a folder of its own, with indicators loaded, and resolves when it has come to rest. `more` is YAML at the
 * top level.
 */
export async function startBuiltDaemon(
  dir: string,
  transport: 'stream' | 'dgram',
  more = '',
): Promise<MeasuredProcess> {
  const at = (name: string) => JSON.stringify(join(dir, name));
  const config = join(dir, 'guardian.yaml');
  writeFileSync(
    config,
    `data_dir: ${at('data')}
eve: { socket: ${at('eve.sock')}, type: ${transport} }
suricata: { command_socket: null, rules_file: ${at('rules/virustotal-ioc.rules')}, datasets_dir: ${at('datasets')}, allow_unchecked: true }
lists: { dir: ${at('lists')} }
api: { socket: ${at('api.sock')} }
retention: { sightings: 3650d }
${more}`,
  );
  const start = () => new MeasuredProcess('node', [MAIN, 'run', '--config', config], unitEnvironment());
  // First with nothing: a daemon judges anew what it finds in a store that was never judged, and would take these indicators back.
  const first = start();
  await untilJudged(dir, first);
  await first.end();
  fillStore(databaseOf(dir));
  const daemon = start();
  await untilExists(join(dir, 'eve.sock'), daemon);
  // Its first publishing of all indicators belongs to the start, not to the intake.
  await pause(2000);
  await daemon.idle();
  return daemon;
}

/** Resolves when the daemon has noted what it judges by. */
async function untilJudged(dir: string, daemon: MeasuredProcess): Promise<void> {
  await untilExists(join(dir, 'eve.sock'), daemon);
  const db = new Database(databaseOf(dir), { readonly: true });
  const noted = db.prepare('SELECT 1 FROM judged_by');
  while (noted.get() === undefined) await pause(20);
  db.close();
}

/** What the unit sets: the daemon is measured as it is shipped. */
function unitEnvironment(): Readonly<Record<string, string>> {
  const words = /^Environment=(.+)$/m.exec(readFileSync(UNIT, 'utf8'))?.[1]?.split(' ') ?? [];
  return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
}

/** The SQLite file of a daemon that was started on `dir`. */
export function databaseOf(dir: string): string {
  return join(dir, 'data', 'guardian.db');
}

/** Resolves when the path is there; throws when the process that should make it ended. */
export async function untilExists(path: string, process: MeasuredProcess): Promise<void> {
  while (!existsSync(path)) {
    if (process.hasEnded) throw new Error(`It ended: ${process.output}`);
    await pause(20);
  }
}

/** How many questions SQLite holds. Asked from outside, so that it costs the daemon nothing. */
export function questionCounter(dir: string): () => number {
  const db = new Database(databaseOf(dir), { readonly: true });
  const count = db.prepare<[], { n: number | null }>('SELECT sum(count) AS n FROM sightings_hourly');
  return () => count.get()?.n ?? 0;
}

function fillStore(path: string): void {
  const store = new Store({ path, sidRange: { first: 1_900_000, last: 1_999_799 } });
  const now = Date.now();
  store.transact(() => {
    for (let i = 0; i < INDICATORS; i++) {
      const observable = { kind: 'domain', value: `bad-${i}.indicator-${i % 977}.top` } as const;
      store.indicators.want({
        observable,
        subdomains: false,
        source: 'virustotal',
        ratio: '12/92',
        strong: true,
        engines: 12,
        permalink: `https://www.virustotal.com/gui/domain/${observable.value}`,
        since: now,
        expiresAt: now + 7 * 86_400_000,
      });
    }
  });
  store.close();
}
