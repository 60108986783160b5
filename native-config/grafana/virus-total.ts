import { ageOf, hasCome } from './clock.ts';
import { choiceVariable, type Dashboard, numberVariable, textVariable } from './dashboard.ts';
import { DEVICE_LINK, NEW_MALICIOUS, OVERVIEW_LINK, PUBLISHED, STATE_TEXTS, VIRUSTOTAL_LINK } from './links.ts';
import { COLOURS, OF_VIRUSTOTAL, WORST_RATIO } from './panel.ts';
import { bars, series, stat, table, text } from './panel-kinds.ts';

const { good, notice, warning, bad, unknown } = COLOURS;

const ANSWERS = `FROM panel_scan_hours WHERE $__timeFilter(hour) AND ${OF_VIRUSTOTAL} AND vector IN (\${vector:sqlstring})`;
const FOUND = `${ANSWERS} AND outcome = 'found'`;
const DAY_S = 86_400;

/** "What is bad, how sure, how fresh?" */
export const VIRUS_TOTAL: Dashboard = {
  uid: 'hng-virus-total',
  title: 'Home Network Guardian: VirusTotal',
  description: 'What is bad, how sure is it, and how fresh is the answer?',
  variables: [
    numberVariable('min_positives', 'Malicious from engines', [1, 2, 3, 5, 10], 5),
    choiceVariable('vector', 'Asked about', ['domain', 'ipv4', 'ipv6', 'url', 'file']),
    numberVariable('shown_from', 'Table from engines', [0, 1, 2, 3, 5, 10], 1),
    textVariable('search', 'Search'),
  ],
  annotations: [NEW_MALICIOUS, PUBLISHED],
  panels: [
    stat({
      id: 1,
      title: 'Detection ratio',
      description:
        'Share of the answers of VirusTotal in this period in which at least as many engines as chosen above call it malicious. Answers without a record do not count.',
      width: 4,
      height: 4,
      sql: `SELECT SUM(IF(positives >= $min_positives, scans, 0)) / NULLIF(SUM(scans), 0) AS ratio ${FOUND}`,
      unit: 'percentunit',
      decimals: 1,
      noValue: 'No answer in this period',
      steps: [
        [null, good],
        [0.01, warning],
        [0.05, bad],
      ],
    }),
    stat({
      id: 2,
      title: 'Malicious',
      description:
        'Answers in which at least as many engines as chosen above call it malicious. The table below shows them.',
      width: 4,
      height: 4,
      sql: `SELECT COALESCE(SUM(IF(positives >= $min_positives, scans, 0)), 0) AS malicious ${FOUND}`,
      unit: 'short',
      noValue: '0',
      steps: [
        [null, good],
        [1, bad],
      ],
      links: [
        {
          title: 'Only these in the table',
          url: '/d/hng-virus-total?${__url_time_range}&${datasource:queryparam}&var-shown_from=$min_positives',
        },
      ],
    }),
    stat({
      id: 3,
      title: 'Flagged by fewer',
      description:
        'Answers in which some engine flags it, but fewer than chosen above. One engine is mostly noise; several are worth a look.',
      width: 4,
      height: 4,
      sql: `SELECT COALESCE(SUM(IF(positives > 0 AND positives < $min_positives, scans, 0)), 0) AS flagged ${FOUND}`,
      unit: 'short',
      noValue: '0',
      steps: [
        [null, good],
        [1, warning],
      ],
    }),
    stat({
      id: 4,
      title: 'Scans',
      description:
        'Answers of this period, and how many of them say that there is no record. No record is not an acquittal.',
      width: 4,
      height: 4,
      sql: `SELECT COALESCE(SUM(scans), 0) AS scans, COALESCE(SUM(IF(outcome = 'not_found', scans, 0)), 0) AS \`no record\`
        ${ANSWERS}`,
      unit: 'short',
      noValue: '0',
    }),
    stat({
      id: 5,
      title: 'Time since last scan',
      description:
        'How long ago the newest answer of VirusTotal came, whatever period is chosen. Grows when the quota is spent, the key is refused or the sidecar is down.',
      width: 4,
      height: 4,
      sql: `SELECT ${ageOf(`(SELECT scan_date FROM panel_scans WHERE ${OF_VIRUSTOTAL} AND ${hasCome('scan_date')} ORDER BY scan_date DESC LIMIT 1)`)} AS age`,
      unit: 's',
      noValue: 'Never scanned',
      steps: [
        [null, good],
        [3600, warning],
        [21_600, bad],
      ],
    }),
    stat({
      id: 6,
      title: 'Stale verdicts',
      description:
        'Malicious and suspicious verdicts that some sensor has not judged anew for 30 days, or by a clock that was ahead, each name once, whatever period is chosen. They ought to be asked about again.',
      width: 4,
      height: 4,
      sql: `SELECT COUNT(DISTINCT kind, value) AS stale FROM panel_verdicts WHERE state IN ('malicious', 'suspicious')
        AND (judged < UTC_TIMESTAMP() - INTERVAL 30 DAY OR NOT ${hasCome('judged')})`,
      unit: 'short',
      noValue: '0',
      steps: [
        [null, good],
        [1, warning],
      ],
    }),
    series({
      id: 7,
      title: 'Scans by verdict',
      description:
        'Answers over time, by how many engines flag what was asked about. A gap means that nothing was asked.',
      width: 16,
      height: 8,
      sql: `SELECT $__timeGroupAlias(hour, $__interval, 0), CASE WHEN outcome <> 'found' THEN 'no record'
          WHEN positives >= $min_positives THEN 'malicious' WHEN positives > 0 THEN 'flagged by fewer' ELSE 'clean' END AS metric,
          SUM(scans) AS scans
        ${ANSWERS} GROUP BY 1, 2 ORDER BY 1`,
      unit: 'short',
      noValue: 'No answer in this period',
      interval: '1h',
      isStacked: true,
      fields: {
        clean: { colour: good },
        'flagged by fewer': { colour: warning },
        malicious: { colour: bad },
        'no record': { colour: unknown },
      },
    }),
    bars({
      id: 8,
      title: 'Attack vectors',
      description:
        'What the flagged answers of this period are about. Tells whether names, addresses, links or files are what reaches this network.',
      width: 8,
      height: 8,
      sql: `SELECT vector, SUM(IF(positives >= $min_positives, scans, 0)) AS malicious,
          SUM(IF(positives < $min_positives, scans, 0)) AS \`flagged by fewer\`
        ${FOUND} AND positives > 0 GROUP BY vector ORDER BY 2 DESC, 3 DESC`,
      unit: 'short',
      noValue: 'Nothing was flagged',
      fields: { malicious: { colour: bad }, 'flagged by fewer': { colour: warning } },
    }),
    series({
      id: 9,
      title: 'Freshness of the analyses',
      description:
        'How old the analysis was that an answer rests on, on average, at the time of the answer. Old analyses say little about names that were bad only yesterday.',
      width: 8,
      height: 8,
      sql: `SELECT $__timeGroupAlias(hour, $__interval), SUM(analysis_age_s) / NULLIF(SUM(IF(analysis_age < 9, scans, 0)), 0) AS \`average age\`
        ${FOUND} GROUP BY 1 ORDER BY 1`,
      unit: 's',
      noValue: 'No answer in this period',
      interval: '1h',
      steps: [
        [null, good],
        [7 * DAY_S, notice],
        [30 * DAY_S, warning],
      ],
    }),
    bars({
      id: 10,
      title: 'Age of the last analysis',
      description: 'The same as a distribution: how old the last analysis was when the answer came.',
      width: 8,
      height: 8,
      sql: `SELECT CASE analysis_age WHEN 0 THEN 'below 1 day' WHEN 1 THEN '1 to 7 days' WHEN 2 THEN '7 to 30 days' WHEN 3 THEN 'above 30 days'
          ELSE 'not said' END AS age, SUM(scans) AS scans
        ${FOUND} GROUP BY analysis_age ORDER BY analysis_age`,
      unit: 'short',
      noValue: 'No answer in this period',
    }),
    bars({
      id: 11,
      title: 'Threat classes',
      description:
        'What most of the engines call it, for everything that any engine flags. "other" are words of single engines.',
      width: 8,
      height: 8,
      sql: `SELECT threat_class, SUM(scans) AS scans ${FOUND} AND threat_class <> '' GROUP BY threat_class ORDER BY 2 DESC`,
      unit: 'short',
      noValue: 'Nothing was flagged',
      isLying: true,
    }),
    table({
      id: 12,
      title: 'Scans',
      description:
        'The newest 500 answers of VirusTotal in this period that as many engines flag as chosen by "Table from engines" (0: all), and that hold what is searched for. The permalink opens the report.',
      width: 24,
      height: 11,
      sql: `SELECT s.value AS URL, s.scan_date AS \`Scan Date\`, CONCAT(s.positives, ' / ', s.total_scans) AS \`Positives / Total Scans\`,
          s.positives / NULLIF(s.total_scans, 0) AS Ratio, IF(s.permalink LIKE 'https://%', s.permalink, NULL) AS Permalink
        FROM (SELECT kind, value, source, scan_date FROM panel_scans WHERE $__timeFilter(scan_date) AND ${OF_VIRUSTOTAL} AND outcome = 'found'
            AND positives >= $shown_from AND vector IN (\${vector:sqlstring}) AND LOCATE(\${search:sqlstring}, value) > 0
          ORDER BY scan_date DESC LIMIT 500) AS k
        JOIN panel_scans AS s ON s.kind = k.kind AND s.value = k.value AND s.source = k.source AND s.scan_date = k.scan_date
        ORDER BY 2 DESC`,
      unit: 'string',
      noValue: 'No answer fits',
      fields: {
        URL: { links: [VIRUSTOTAL_LINK, OVERVIEW_LINK] },
        'Scan Date': { unit: 'dateTimeAsIso', width: 180 },
        'Positives / Total Scans': { width: 170 },
        Ratio: {
          unit: 'percentunit',
          width: 200,
          isGauge: true,
          steps: [
            [null, good],
            [0.001, warning],
            [0.05, bad],
          ],
        },
        Permalink: { links: [{ title: 'Open the report', url: '${__value.raw}' }] },
      },
    }),
    table({
      id: 13,
      title: 'Who used what is flagged',
      description:
        'Devices that used something whose verdict of today is malicious or suspicious, also before it was known. The worst first. The device opens its own page.',
      width: 24,
      height: 9,
      sql: `SELECT client AS Device, value AS Indicator, state AS Verdict, ${WORST_RATIO} AS Ratio, SUM(count) AS Times, MAX(last_seen) AS \`Last seen\`
        FROM panel_flagged WHERE $__timeFilter(hour) AND LOCATE(\${search:sqlstring}, value) > 0
        GROUP BY client, value, state ORDER BY state, 6 DESC, client, value LIMIT 200`,
      unit: 'string',
      noValue: 'No device used anything flagged',
      fields: {
        Device: { links: [DEVICE_LINK] },
        Indicator: { links: [VIRUSTOTAL_LINK, OVERVIEW_LINK] },
        Verdict: { isColoured: true, texts: STATE_TEXTS },
        Times: { unit: 'short' },
        'Last seen': { unit: 'dateTimeAsIso' },
      },
    }),
    text({
      id: 14,
      title: 'How to read this',
      description: 'What the numbers mean, and what they do not mean.',
      width: 24,
      height: 5,
      markdown:
        'One engine of ninety that calls a name malicious is noise: content networks and portal checks are flagged like that every day. Five independent ones are rarely wrong. **No record** means that VirusTotal does not know it, not that it is harmless. Figures over a period are counted by full hours of UTC; tables and the time since the last scan are exact. `guardian explain NAME` tells the whole story of one.',
    }),
  ],
};
