import { duration, integer } from '../field-kinds.ts';
import { type ConfigOf, type Conflict, section } from '../section.ts';

/** Twice the engines VirusTotal ever had on one page; beyond it a threshold could never be met. */
const MAX_ENGINES = 200;

/** From how many engines on something is suspicious, malicious, strong. */
export const policySection = section(
  'How answers become decisions. Engines that repeat one another count once.',
  {
    suspicious_at: integer({
      doc: 'Engines from which it is watched and shown.',
      default: 2,
      min: 1,
      max: MAX_ENGINES,
    }),
    malicious_at: integer({ doc: 'Engines from which it may be blocked.', default: 5, min: 2, max: MAX_ENGINES }),
    strong_at: integer({
      doc: 'Engines from which popularity and shared hosting no longer speak for it.',
      default: 10,
      min: 2,
      max: MAX_ENGINES,
    }),
    hold_if_seen_by: integer({
      doc: 'A new block waits for a person when this many devices used the name on 3 or more days.',
      default: 3,
      min: 1,
      max: 100_000,
    }),
    block_expires: duration({
      doc: 'A block ends this long after its evidence was last confirmed.',
      default: '7d',
      min: '1h',
    }),
  },
  ({ suspiciousAt, maliciousAt, strongAt }) => {
    const conflicts: Conflict[] = [];
    if (maliciousAt <= suspiciousAt) {
      const text = `is ${maliciousAt}, want more than policy.suspicious_at (${suspiciousAt})`;
      conflicts.push({ key: 'malicious_at', text });
    }
    if (strongAt < maliciousAt) {
      conflicts.push({ key: 'strong_at', text: `is ${strongAt}, want at least policy.malicious_at (${maliciousAt})` });
    }
    return conflicts;
  },
);

/** `policy:` of the configuration. */
export type PolicyConfig = ConfigOf<(typeof policySection)['shape']>;
