import { hostname } from 'node:os';
import { nullable } from './field.ts';
import { allowPattern, duration, oneOf, path, text } from './field-kinds.ts';
import { type ConfigOf, list, optional, section } from './section.ts';
import { apiSection } from './sections/api-section.ts';
import { centralSection } from './sections/central-section.ts';
import { eveSection } from './sections/eve-section.ts';
import { feedList } from './sections/feed-section.ts';
import { policySection } from './sections/policy-section.ts';
import { recheckSection } from './sections/recheck-section.ts';
import { retentionSection } from './sections/retention-section.ts';
import { abuseIpDbSection, oracleList } from './sections/second-source-sections.ts';
import { suricataSection } from './sections/suricata-section.ts';
import { listsSection, nftablesSection, piholeSection } from './sections/target-sections.ts';
import { virustotalSection } from './sections/virustotal-section.ts';

/**
 * Every key of the configuration. The loader, the `Config` type, the commented example and the JSON Schema all come
 * from here, so a key is added in exactly one place.
 */
export const configSchema = section('Configuration of Home Network Guardian.', {
  sensor: text({
    doc: 'Name of this machine among several sensors.',
    default: { computed: () => hostname(), as: 'the host name' },
    example: 'gateway',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    want: 'a name of letters, digits, ".", "-" and "_"',
  }),
  data_dir: path({ doc: 'Where the database is kept.', default: '/var/lib/guardian' }),
  log_level: oneOf(['debug', 'info', 'warn', 'error'], { doc: 'What is logged, as JSON on stdout.', default: 'info' }),
  eve: eveSection,
  virustotal: virustotalSection,
  policy: policySection,
  allow: list(allowPattern({ doc: 'One pattern.', example: '*.example.com' }), {
    doc: 'Never blocked: "example.com", "*.example.com" (it and all below it), an address, or a network.',
    identity: (pattern) => pattern.text,
  }),
  recheck: recheckSection,
  feeds: feedList,
  oracles: oracleList,
  abuseipdb: optional(abuseIpDbSection, { api_key_file: '/etc/guardian/abuseipdb.key' }),
  suricata: suricataSection,
  lists: listsSection,
  canary_every: nullable(
    duration({
      doc: 'How often a harmless name of ours is published everywhere, asked back and withdrawn; null: only by "guardian check --canary".',
      default: '24h',
      min: '10m',
    }),
  ),
  pihole: optional(piholeSection, { password_file: '/etc/guardian/pihole.password' }),
  nftables: optional(nftablesSection),
  central: optional(centralSection, { hosts: ['db1:3306'], password_file: '/etc/guardian/mysql.password' }),
  api: apiSection,
  retention: retentionSection,
});

/** The whole configuration, checked: camelCase keys, durations in `...Ms`, sizes in `...Bytes`. */
export type Config = ConfigOf<(typeof configSchema)['shape']>;
