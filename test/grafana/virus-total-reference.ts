import { deviceHours, flaggedHours, type SortedScan, sortedScans } from './derived.ts';
import {
  bucketOf,
  expected,
  hasCome,
  isChosen,
  isVirusTotal,
  isWithin,
  type Question,
  type Reference,
  ranked,
} from './question.ts';
import { ageOf, dated, distinct, max, mostFlagged, perGroup, share, sum, sumOrNull } from './tally.ts';
import { DAY, NOW } from './world.ts';

const AGES = ['below 1 day', '1 to 7 days', '7 to 30 days', 'above 30 days'];

function scansOf(question: Question): readonly SortedScan[] {
  return sortedScans(question.world).filter(
    (scan) => isVirusTotal(scan) && isWithin(question, scan.hour) && isChosen(question.choice.vector, scan.vector),
  );
}

const foundOf = (question: Question): readonly SortedScan[] =>
  scansOf(question).filter(({ outcome }) => outcome === 'found');

function verdictOf({ outcome, positives }: SortedScan, least: number): string {
  if (outcome !== 'found') return 'no record';
  if (positives >= least) return 'malicious';
  return positives > 0 ? 'flagged by fewer' : 'clean';
}

/** `virus_total.json`, panel by panel. */
export const VIRUS_TOTAL_REFERENCE: Readonly<Record<string, Reference>> = {
  'hng-virus-total/1/A': (q) => {
    const rows = foundOf(q);
    const bad = sumOrNull(rows, ({ positives }) => (positives >= q.choice.minPositives ? 1 : 0));
    return expected('n', ['ratio'], [[share(bad, rows.length)]]);
  },
  'hng-virus-total/2/A': (q) =>
    expected('n', ['malicious'], [[sum(foundOf(q), ({ positives }) => (positives >= q.choice.minPositives ? 1 : 0))]]),
  'hng-virus-total/3/A': (q) =>
    expected(
      'n',
      ['flagged'],
      [[sum(foundOf(q), ({ positives }) => (positives > 0 && positives < q.choice.minPositives ? 1 : 0))]],
    ),
  'hng-virus-total/4/A': (q) => {
    const rows = scansOf(q);
    return expected(
      'nn',
      ['scans', 'no record'],
      [[rows.length, rows.filter(({ outcome }) => outcome === 'not_found').length]],
    );
  },
  'hng-virus-total/5/A': ({ world }) =>
    expected(
      'n',
      ['age'],
      [
        [
          ageOf(
            max(
              world.scans
                .filter(isVirusTotal)
                .map(({ at }) => at)
                .filter(hasCome),
            ),
            NOW,
          ),
        ],
      ],
    ),
  'hng-virus-total/6/A': ({ world }) => {
    const stale = world.verdicts.filter(
      ({ state, judged }) =>
        ['malicious', 'suspicious'].includes(state) && (judged < NOW - 30 * DAY || !hasCome(judged)),
    );
    return expected('n', ['stale'], [[distinct(stale, ({ kind, value }) => `${kind} ${value}`)]]);
  },
  'hng-virus-total/7/A': (q) =>
    expected(
      'ntn',
      ['time', 'metric', 'scans'],
      perGroup(
        scansOf(q),
        (scan) => [bucketOf(q, scan.hour), verdictOf(scan, q.choice.minPositives)],
        (key, rows) => [...key, rows.length],
      ),
    ),
  'hng-virus-total/8/A': (q) =>
    expected(
      'tnn',
      ['vector', 'malicious', 'flagged by fewer'],
      perGroup(
        foundOf(q).filter(({ positives }) => positives > 0),
        ({ vector }) => [vector],
        (key, rows) => {
          const bad = rows.filter(({ positives }) => positives >= q.choice.minPositives).length;
          return [...key, bad, rows.length - bad];
        },
      ),
    ),
  'hng-virus-total/9/A': (q) =>
    expected(
      'nn',
      ['time', 'average age'],
      perGroup(
        foundOf(q),
        ({ hour }) => [bucketOf(q, hour)],
        (key, rows) => [
          ...key,
          share(
            sum(rows, ({ ageS }) => ageS),
            rows.filter(({ age }) => age < 9).length,
          ),
        ],
      ),
    ),
  'hng-virus-total/10/A': (q) =>
    expected(
      'tn',
      ['age', 'scans'],
      perGroup(
        foundOf(q),
        ({ age }) => [AGES[age] ?? 'not said'],
        (key, rows) => [...key, rows.length],
      ),
    ),
  'hng-virus-total/11/A': (q) =>
    expected(
      'tn',
      ['threat_class', 'scans'],
      perGroup(
        foundOf(q).filter(({ threatClass }) => threatClass !== ''),
        ({ threatClass }) => [threatClass],
        (key, rows) => [...key, rows.length],
      ),
    ),
  'hng-virus-total/12/A': (q) => {
    const rows = sortedScans(q.world)
      .filter(isVirusTotal)
      .filter(({ at, outcome, vector }) => isWithin(q, at) && outcome === 'found' && isChosen(q.choice.vector, vector))
      .filter(({ positives, value }) => positives >= q.choice.shownFrom && value.includes(q.choice.search))
      .toSorted((a, b) => b.at - a.at)
      .slice(0, 500);
    return expected(
      'tdtnt',
      ['URL', 'Scan Date', 'Positives / Total Scans', 'Ratio', 'Permalink'],
      rows.map(({ value, at, positives, total, permalink }) => [
        value,
        dated(at),
        `${positives} / ${total}`,
        share(positives, total),
        permalink.startsWith('https://') ? permalink : null,
      ]),
    );
  },
  'hng-virus-total/13/A': (q) => {
    const rows = flaggedHours(q.world).filter(
      ({ hour, value }) => isWithin(q, hour) && value.includes(q.choice.search),
    );
    const made = perGroup(
      rows,
      ({ client, value, state }) => [client, value, state],
      (key, group) => [
        ...key,
        mostFlagged(group.map(({ ratio }) => ratio)),
        sum(group, ({ count }) => count),
        dated(max(group.map(({ lastSeen }) => lastSeen))),
      ],
    );
    return expected(
      'ttttnd',
      ['Device', 'Indicator', 'Verdict', 'Ratio', 'Times', 'Last seen'],
      ranked(made, [2, 1], [5, -1], [0, 1], [1, 1]).slice(0, 200),
    );
  },
};

/** Used by whoever asks for devices. */
export const devicesSeen = (question: Question): readonly string[] => [
  ...new Set(
    deviceHours(question.world)
      .filter(({ hour, client }) => isWithin(question, hour) && client !== '')
      .map(({ client }) => client),
  ),
];
