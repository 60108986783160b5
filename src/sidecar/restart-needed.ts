import type { Config } from '../config/schema.ts';

/** What a running daemon takes over. Everything else is set up once, at start. */
const RELOADED: ReadonlySet<keyof Config> = new Set(['allow', 'policy', 'recheck']);

/** The keys that differ and wait for a restart, as they stand in the file: `eve.socket`. */
export function restartNeeded(before: Config, after: Config): readonly string[] {
  const changed: string[] = [];
  for (const key of Object.keys(after) as (keyof Config)[]) {
    if (!RELOADED.has(key) && !same(before[key], after[key])) changed.push(...keysOf(key, before[key], after[key]));
  }
  return changed;
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
