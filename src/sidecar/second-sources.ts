import type { Config } from '../config/schema.ts';
import { type Environment, readSecret } from '../config/secrets.ts';
import type { Log } from '../lib/log.ts';
import { ABUSEIPDB_BASE_URL, AbuseIpDbSource } from '../sources/abuseipdb/abuseipdb-source.ts';
import { CLOUDFLARE_SECURITY, DnsOracle, QUAD9 } from '../sources/dns-oracle/dns-oracle.ts';
import type { SecondSource } from './second-source.ts';

/** Public resolvers publish no number; this is far below what one busy household asks its own resolver. */
const ORACLE_PER_MINUTE = 20;
const ORACLE_PER_DAY = 2_000;

const ABUSEIPDB_PER_MINUTE = 10;

const ORACLES = { quad9: QUAD9, 'cloudflare-security': CLOUDFLARE_SECURITY } as const;

/**
 * The further sources a configuration names. None by default.
 * @throws ConfigError when a key cannot be read.
 */
export function secondSources(config: Config, env: Environment, log: Log, now: () => number): readonly SecondSource[] {
  const oracles = config.oracles.map((name): SecondSource => {
    const source = new DnsOracle({ service: ORACLES[name], now });
    return { source, maxPerMinute: ORACLE_PER_MINUTE, maxPerDay: ORACLE_PER_DAY };
  });
  const { abuseipdb } = config;
  if (abuseipdb === null) return oracles;
  const apiKey = readSecret(abuseipdb.apiKeyFile, env, log).reveal();
  const source = new AbuseIpDbSource({ apiKey, now });
  return [...oracles, { source, maxPerMinute: ABUSEIPDB_PER_MINUTE, maxPerDay: abuseipdb.maxPerDay }];
}

/** Where the further sources of a configuration are asked. */
export function secondSourceUrls({ oracles, abuseipdb }: Config): readonly string[] {
  const urls = oracles.flatMap((name) => [ORACLES[name].filteredUrl, ORACLES[name].unfilteredUrl]);
  return abuseipdb === null ? urls : [...urls, ABUSEIPDB_BASE_URL];
}
