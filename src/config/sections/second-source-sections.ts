import { integer, oneOf, secretFile } from '../field-kinds.ts';
import { type ConfigOf, list, section } from '../section.ts';

/** Filtering public resolvers as second opinions. */
export const oracleList = list(oneOf(['quad9', 'cloudflare-security'], { doc: 'One resolver.', example: 'quad9' }), {
  doc: 'Filtering public resolvers that are asked about names VirusTotal left open: no key and no quota. Off by default: their operators then see those names and your address.',
  identity: (name) => name,
});

/** AbuseIPDB, for addresses. */
export const abuseIpDbSection = section('AbuseIPDB as a second opinion on addresses that VirusTotal left open.', {
  api_key_file: secretFile({ doc: 'File that holds its API key.', example: '/etc/guardian/abuseipdb.key' }),
  max_per_day: integer({
    doc: 'Ceiling of lookups a day (UTC); a free key has 1000.',
    default: 500,
    min: 1,
    max: 1_000_000,
  }),
});

/** `abuseipdb:` of the configuration, where it is given. */
export type AbuseIpDbConfig = ConfigOf<(typeof abuseIpDbSection)['shape']>;
