import { durations } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

/**
 * How long answers are trusted. The n-th answer in a row of one kind waits for the n-th time, and the last repeats. The reasons for
 * the defaults stand in src/triage/recheck.ts.
 */
export const recheckSection = section(
  'When an answer is asked for again, by what it was. The n-th answer of one kind in a row waits for the n-th time; the last repeats.',
  {
    not_found: durations({ doc: 'VirusTotal has no record.', default: '1d 3d 7d 30d' }),
    no_opinion: durations({ doc: 'No engine has an opinion.', default: '1d 3d 7d 30d' }),
    clean: durations({ doc: 'Clean, and young or of unknown age.', default: '1d 3d 7d 30d' }),
    clean_established: durations({ doc: 'Clean, and old or popular.', default: '30d 90d' }),
    noise: durations({ doc: 'One engine.', default: '7d 7d 30d' }),
    suspicious: durations({ doc: 'A few engines.', default: '1d 3d 7d' }),
    malicious: durations({ doc: 'Malicious; before policy.block_expires, or blocks end unexamined.', default: '6d' }),
    file_malicious: durations({ doc: 'A malicious file: its bytes never change.', default: '90d' }),
    file_unknown: durations({ doc: 'A file nobody knows.', default: '1d 7d 30d' }),
  },
);

/** `recheck:` of the configuration: milliseconds. */
export type RecheckConfig = ConfigOf<(typeof recheckSection)['shape']>;
