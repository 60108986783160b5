import { accessSync, constants } from 'node:fs';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../config/secrets.ts';
import { OperatorError } from '../core/errors.ts';
import { SILENT } from '../lib/log.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import type { CheckItem } from './check-probes.ts';
import { feedList } from './feed-list.ts';

const MINUTE_MS = 60_000;

/** Whether each feed's key and file can be read. Fetches nothing: hosts count how often they are asked. */
export async function checkFeeds({ feeds }: Config, env: Environment): Promise<readonly CheckItem[]> {
  return feeds.map((one) => {
    const name = `feed ${one.name ?? one.preset ?? ''}`;
    try {
      const [feed] = feedList([one], env, SILENT);
      return feed === undefined ? { state: 'bad', name, found: 'nothing is known of it' } : itemOf(name, feed);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return { state: 'bad', name, found: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    }
  });
}

function itemOf(name: string, { location, everyMs, authKey }: Feed): CheckItem {
  const often = `every ${Math.round(everyMs / MINUTE_MS)} min`;
  if (/^https?:/i.test(location)) {
    return { state: 'ok', name, found: `${location}, ${often}${authKey === undefined ? '' : ', with a key'}` };
  }
  try {
    accessSync(location, constants.R_OK);
    return { state: 'ok', name, found: `${location} is readable, ${often}` };
  } catch (error) {
    const found = `${location}: ${(error as NodeJS.ErrnoException).code}`;
    return { state: 'warn', name, found, hint: 'It is read when it is there and readable by the daemon.' };
  }
}
