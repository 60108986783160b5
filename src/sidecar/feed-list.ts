import { type Environment, readSecret } from '../config/secrets.ts';
import type { FeedConfig } from '../config/sections/feed-section.ts';
import type { FeedPresetName } from '../core/feed-preset-name.ts';
import type { Log } from '../lib/log.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import { feedOfPreset } from '../sources/feeds/presets.ts';

const EVERY_MS = 6 * 3_600_000;

/** No host of a list somebody runs for himself wants to be asked more often. */
const MIN_EVERY_MS = 5 * 60_000;

/**
 * The feeds a configuration names, with presets filled in and keys read.
 * @throws ConfigError for a key that cannot be read.
 */
export function feedList(configured: readonly FeedConfig[], env: Environment, log: Log): readonly Feed[] {
  return configured.map((one) => {
    const authKey = one.authKeyFile === null ? undefined : readSecret(one.authKeyFile, env, log).reveal();
    return one.preset === null ? ownFeed(one, authKey) : presetFeed(one, one.preset, authKey);
  });
}

function presetFeed(one: FeedConfig, preset: FeedPresetName, authKey: string | undefined): Feed {
  return feedOfPreset(preset, {
    ...(one.name === null ? {} : { name: one.name }),
    ...(one.weight === null ? {} : { weight: one.weight }),
    ...(one.everyMs === null ? {} : { everyMs: one.everyMs }),
    ...(authKey === undefined ? {} : { authKey }),
  });
}

function ownFeed(one: FeedConfig, authKey: string | undefined): Feed {
  const name = one.name ?? '';
  return {
    name,
    role: one.role,
    location: one.url === null ? (one.path ?? '') : one.url,
    format: one.format,
    ...(one.column === null ? {} : { column: one.column }),
    ...(one.kind === null ? {} : { kind: one.kind }),
    weight: one.weight ?? 1,
    engine: name,
    everyMs: one.everyMs ?? EVERY_MS,
    minEveryMs: MIN_EVERY_MS,
    ...(authKey === undefined ? {} : { authKey }),
    allowPrivate: one.allowPrivate,
  };
}
