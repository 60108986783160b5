import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secrets.ts';

/** What a running daemon takes over. Everything else is set up once, at start. */
const RELOADED: ReadonlySet<string> = new Set([
  'allow',
  'policy',
  'recheck',
  'feeds',
  'virustotal.api_key_file',
  'virustotal.max_per_minute',
  'virustotal.max_per_day',
  'virustotal.reserve',
]);

/** Whether VirusTotal is asked now, and the key that a changed configuration names. */
export interface Keys {
  readonly hadKey: boolean;
  readonly apiKey: Secret | undefined;
}

/** The keys that differ and wait for a restart, as they stand in the file: `eve.socket`. */
export function restartNeeded(before: Config, after: Config, { hadKey, apiKey }: Keys): readonly string[] {
  const changed = (Object.keys(after) as (keyof Config)[])
    .filter((key) => !same(before[key], after[key]))
    .flatMap((key) => keysOf(key, before[key], after[key]))
    .filter((key) => !RELOADED.has(key) && !RELOADED.has(key.split('.', 1)[0] ?? ''));
  // Who asks is built once: a key can be changed while running, and not be added or taken away.
  return hadKey === (apiKey !== undefined) ? changed : [...changed, 'virustotal.api_key_file'];
}

function keysOf(key: string, before: unknown, after: unknown): readonly string[] {
  if (!isSection(before) || !isSection(after)) return [snake(key)];
  return Object.keys(after)
    .filter((inner) => !same(before[inner], after[inner]))
    .map((inner) => `${snake(key)}.${snake(inner)}`);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Durations and sizes carry their unit inside and not in the file.
function snake(key: string): string {
  return key.replace(/(?:Ms|Bytes)$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
