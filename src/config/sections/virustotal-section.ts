import { nullable } from '../field.ts';
import { decimal, integer, secretFile, webUrl } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

const reserveSection = section(
  'Shares of the allowance that ordinary lookups leave alone. Together less than 1.',
  {
    alerts: decimal({ doc: 'For what Suricata alerts on.', default: 0.1, min: 0, max: 1 }),
    manual: decimal({ doc: 'For "guardian lookup".', default: 0.1, min: 0, max: 1 }),
    recheck: decimal({ doc: 'For asking again about what is blocked.', default: 0.25, min: 0, max: 1 }),
  },
  ({ alerts, manual, recheck }) => {
    const sum = alerts + manual + recheck;
    return sum < 1 ? [] : [{ key: '', text: `adds up to ${Number(sum.toFixed(4))}, want less than 1` }];
  },
);

/** The reputation service that is asked, and how much may be spent on it. */
export const virustotalSection = section('VirusTotal. Only read from, within the allowance of the key.', {
  api_key_file: nullable(
    secretFile({
      doc: 'File that holds the API key; null takes the environment variable VIRUSTOTAL_API_KEY. With neither, only feeds are used.',
      example: '/etc/guardian/virustotal.key',
    }),
  ),
  base_url: webUrl({ doc: 'Where the API answers.', default: 'https://www.virustotal.com/api/v3' }),
  max_per_minute: integer({
    doc: 'Ceiling of lookups a minute. The real allowance is read from VirusTotal, and the lower one wins.',
    default: 4,
    min: 1,
    max: 1_000_000,
  }),
  max_per_day: integer({ doc: 'Ceiling of lookups a day (UTC).', default: 500, min: 1, max: 100_000_000 }),
  reserve: reserveSection,
});

/** `virustotal:` of the configuration. */
export type VirustotalConfig = ConfigOf<(typeof virustotalSection)['shape']>;
