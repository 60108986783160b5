import { type Environment, readSecret } from '../config/secrets.ts';
import type { FeedConfig } from '../config/sections/feed-section.ts';
import { ConfigError } from '../core/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import { FEED_PRESET_NAMES, type FeedPresetName, feedOfPreset } from '../sources/feeds/presets.ts';

const EVERY_MS = 6 * 3_600_000;

/** No host of a list somebody runs for himself wants to be asked more often. */
const MIN_EVERY_MS = 5 * 60_000;

/**
 * The feeds a configuration names, with presets filled in and keys read.
 * @throws ConfigError for a preset that does not exist and a key that cannot be read.
 */
export function feedList(configured: readonly FeedConfig[], env: Environment, log: Log): readonly Feed[] {
  return configured.map((one) => {
    const authKey = one.authKeyFile === null ? undefined : readSecret(one.authKeyFile, env, log).reveal();
    return one.preset === null ? ownFeed(one, authKey) : presetFeed(one, one.preset, authKey);
  });
}

function presetFeed(one: FeedConfig, preset: string, authKey: string | undefined): Feed {
  if (!isPreset(preset)) {
    throw new ConfigError(`Cannot use feed preset "${preset}": there is none of that name`, {
      hint: `There are: ${FEED_PRESET_NAMES.join(', ')}.`,
    });
  }
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

function isPreset(name: string): name is FeedPresetName {
  return (FEED_PRESET_NAMES as readonly string[]).includes(name);
}
