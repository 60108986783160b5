import type { Config } from '../config/schema.ts';
import type { Surroundings } from '../core/guards.ts';
import { hostOfUrl } from '../core/web-url.ts';
import { readSurroundings, systemSources } from '../ops/surroundings.ts';
import { secondSourceUrls } from './second-sources.ts';

/** The source that everything rests on, also where `base_url` names another host. */
const ALWAYS_NEEDED = ['virustotal.com'];

/** What this machine needs, by its system, its configuration and `feedUrls`, where its feeds are read from. */
export function surroundingsOf(config: Config, feedUrls: readonly string[]): Surroundings {
  const urls = [config.virustotal.baseUrl, ...feedUrls, ...secondSourceUrls(config)];
  return readSurroundings(systemSources(), {
    neighbours: [...ALWAYS_NEEDED, ...neighbours(config)],
    asked: urls.map((url) => hostOfUrl(url)),
  });
}

function neighbours({ central, pihole }: Config): readonly string[] {
  const databases = (central?.hosts ?? []).map(({ host }) => host);
  if (pihole === null) return databases;
  return [...databases, hostOfUrl(String(pihole.url)), ...(pihole.dns === null ? [] : [pihole.dns.host])];
}
