import { groupBy, max, min, sum } from './tally.ts';
import { DAY, floorTo, HOUR, type Quota, type Scan, type World } from './world.ts';

/** Summaries as the tests count them: from the rows, row by row, and not by the code under test. */

/** A scan with what panels sort it by. */
export interface SortedScan extends Scan {
  readonly hour: number;
  readonly vector: string;
  readonly threatClass: string;
  readonly age: number;
  readonly ageS: number;
}

export interface DeviceHour {
  readonly hour: number;
  readonly sensor: string;
  readonly client: string;
  readonly queries: number;
  readonly nxdomain: number;
  readonly alerts: readonly [number, number, number];
}

export interface FlaggedHour {
  readonly hour: number;
  readonly sensor: string;
  readonly client: string;
  readonly kind: string;
  readonly value: string;
  readonly state: string;
  readonly ratio: string | null;
  readonly held: number;
  readonly count: number;
  readonly lastSeen: number;
  readonly alerts: number;
  readonly clientAlerts: number;
  readonly worst: number | null;
}

export interface AlertHour {
  readonly hour: number;
  readonly sensor: string;
  readonly sid: number;
  readonly client: string;
  readonly severity: number;
  readonly signature: string;
  readonly category: string;
  readonly count: number;
  readonly blocked: number;
  readonly lastSeen: number;
}

export function sortedScans({ scans }: World): readonly SortedScan[] {
  return scans.map((scan) => {
    const ageS = scan.analysedAt === null ? 0 : Math.trunc((scan.at - scan.analysedAt) / 1000);
    const age = [DAY, 7 * DAY, 30 * DAY].findIndex((bound) => ageS * 1000 < bound);
    return {
      ...scan,
      hour: floorTo(scan.at, HOUR),
      vector: scan.kind !== 'ip' ? scan.kind : scan.value.includes(':') ? 'ipv6' : 'ipv4',
      threatClass: threatClass(scan),
      age: scan.analysedAt === null ? 9 : age === -1 ? 3 : age,
      ageS,
    };
  });
}

function threatClass({ kind, positives, results }: Scan): string {
  if (positives === 0) return '';
  if (kind === 'file') return 'malware';
  const times = (word: string) => results.filter((result) => result === word).length;
  if (times('phishing') > times('malware')) return 'phishing';
  return ['malware', 'spam', 'mining', 'malicious', 'suspicious'].find((word) => times(word) > 0) ?? 'other';
}

export function deviceHours({ sightings, alerts }: World): readonly DeviceHour[] {
  const seen = sightings.map((s) => ({ ...s, isAlert: false, severity: 0 }));
  const alerted = alerts.map((a) => ({ ...a, hour: floorTo(a.minute, HOUR), isAlert: true, via: '', nxdomain: 0 }));
  return [...groupBy([...seen, ...alerted], ({ hour, sensor, client }) => [hour, sensor, client])].map(
    ([key, rows]) => {
      const [hour, sensor, client] = JSON.parse(key) as [number, string, string];
      const ofSeverity = (is: (severity: number) => boolean) =>
        sum(rows, (row) => (row.isAlert && is(row.severity) ? row.count : 0));
      return {
        hour,
        sensor,
        client,
        queries: sum(rows, (row) => (row.via === 'dns' ? row.count : 0)),
        nxdomain: sum(rows, (row) => row.nxdomain),
        alerts: [ofSeverity((s) => s === 1), ofSeverity((s) => s === 2), ofSeverity((s) => s > 2)],
      };
    },
  );
}

export function flaggedHours({ sightings, verdicts, alerts }: World): readonly FlaggedHour[] {
  const verdictOf = new Map(verdicts.map((v) => [JSON.stringify([v.sensor, v.kind, v.value]), v]));
  const byClient = groupBy(alerts, (a) => [floorTo(a.minute, HOUR), a.sensor, a.client]);
  return [...groupBy(sightings, (s) => [s.hour, s.sensor, s.client, s.kind, s.value])].flatMap(([key, rows]) => {
    const [hour, sensor, client, kind, value] = JSON.parse(key) as [number, string, string, string, string];
    const verdict = verdictOf.get(JSON.stringify([sensor, kind, value]));
    if (verdict === undefined || !['malicious', 'suspicious'].includes(verdict.state)) return [];
    const around = byClient.get(JSON.stringify([hour, sensor, client])) ?? [];
    return [
      {
        ...{ hour, sensor, client, kind, value, state: verdict.state, ratio: verdict.ratio, held: verdict.held },
        count: sum(rows, (row) => row.count),
        lastSeen: max(rows.map((row) => row.lastSeen)) ?? 0,
        alerts: sum(around, (a) => (a.kind === kind && a.value === value ? a.count : 0)),
        clientAlerts: sum(around, (a) => a.count),
        worst: min(around.map((a) => a.severity)),
      },
    ];
  });
}

export function alertHours({ alerts }: World): readonly AlertHour[] {
  return [...groupBy(alerts, (a) => [floorTo(a.minute, HOUR), a.sensor, a.sid, a.client])].map(([key, rows]) => {
    const [hour, sensor, sid, client] = JSON.parse(key) as [number, string, number, string];
    const [first] = rows;
    return {
      ...{ hour, sensor, sid, client, signature: first?.signature ?? '', category: first?.category ?? '' },
      severity: min(rows.map((a) => a.severity)) ?? 0,
      count: sum(rows, (a) => a.count),
      blocked: sum(rows, (a) => (a.action === 'blocked' ? a.count : 0)),
      lastSeen: (max(rows.map((a) => a.minute)) ?? 0) + 59_000,
    };
  });
}

/** Quota of a day by whose allowance it is: sensors that were last heard under one account share it, any other stands alone. */
export function quotasByAccount({ quotas, members }: World, startsAt: number): readonly (readonly Quota[])[] {
  const accountOf = (sensor: string): string | undefined =>
    members.filter((one) => one.sensor === sensor).toSorted((a, b) => b.seen - a.seen)[0]?.account;
  const today = quotas.filter((quota) => quota.startsAt === startsAt);
  return [
    ...groupBy(today, ({ source, sensor }) => [
      source,
      (source === 'virustotal' ? accountOf(sensor) : undefined) ?? `alone ${sensor}`,
    ]).values(),
  ];
}
