import { duration } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

/** How long things are kept. */
export const retentionSection = section('How long this machine keeps things. What is blocked keeps its evidence.', {
  sightings: duration({ doc: 'Who talked to what, by the hour.', default: '30d', min: '1d' }),
  reports: duration({
    doc: 'Questions, and answers of VirusTotal and of feeds. What was ever sent to whom is kept for ever.',
    default: '365d',
    min: '1d',
  }),
  alerts: duration({ doc: 'Alerts of Suricata.', default: '90d', min: '1d' }),
});

/** `retention:` of the configuration. */
export type RetentionConfig = ConfigOf<(typeof retentionSection)['shape']>;
