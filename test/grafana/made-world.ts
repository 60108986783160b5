import {
  type Alert,
  type Change,
  DAY,
  floorTo,
  HOUR,
  type Lookup,
  type Member,
  MINUTE,
  type Minute,
  NOW,
  type Pihole,
  type Published,
  type Quota,
  type Scan,
  type Sensor,
  type Sighting,
  type Suricata,
  type Thing,
  type Verdict,
  type World,
} from './world.ts';

export interface Size {
  readonly days: number;
  readonly scans: number;
  readonly sightings: number;
  readonly alerts: number;
  readonly names: number;
  readonly clients: number;
  /** A row for each of this many minutes, of each sensor. */
  readonly everyMinutes: number;
}

/** What must never mean anything to SQL, HTML, a pattern or a terminal; all of it fits columns that hold ASCII only. */
const HOSTILE = [
  `it's "quoted".example.com`,
  '<img src=x onerror=alert(1)>.example.com',
  '100%_bad\\.example.com',
  "'; DROP TABLE scans; --",
  '{{ .Labels.x }}$__interval.example.com',
];
const SENSORS = ['gateway', "o'attic <b>"];
/** What a clock says that is years ahead. */
const AHEAD = NOW + 1000 * DAY;
const STATES = ['malicious', 'suspicious', 'noise', 'clean', 'not_found', 'no_opinion'];
const SIGNATURES = [
  'ET MALWARE "Beacon" <script>alert(1)</script>',
  "It's 50% \\ 🐟",
  'ET SCAN',
  'ET POLICY',
  'ET INFO',
];
const RESULTS = ['phishing', 'malware', 'malicious', 'spam', 'suspicious', `odd "result":"phishing"`];

/** Numbers that look like chance and are the same in every run (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A network of some days up to now: everyday traffic, some bad names, two sensors, hostile texts wherever a text can be. */
export function makeWorld(size: Size): World {
  const pick = chance(size.scans + 1);
  const start = NOW - size.days * DAY;
  // Some things have just happened: alert rules look at minutes.
  const when = () => {
    // And some are dated by a clock that is years ahead.
    if (pick(40) === 0) return AHEAD + pick(DAY);
    return pick(25) === 0 ? NOW - pick(10 * MINUTE) : start + pick(size.days * DAY);
  };
  const sensor = () => SENSORS[pick(SENSORS.length)] ?? '';
  const things = thingsOf(size.names);
  const thing = (): Thing => things[floorSquare(pick, things.length)] ?? { kind: 'domain', value: 'x' };
  const clients = [
    `%' OR '1'='1`,
    'fd00::7',
    ...Array.from({ length: size.clients }, (_, at) => `10.0.${at >> 8}.${at & 255}`),
  ];
  const client = () => clients[floorSquare(pick, clients.length)] ?? '';
  const verdicts = verdictsOf(things, pick, when);
  return {
    scans: distinct(
      Array.from({ length: size.scans }, () => scanOf(thing(), when(), sensor(), pick)),
      keyOfScan,
    ),
    sightings: distinct(
      Array.from({ length: size.sightings }, () => sightingOf(thing(), when(), client(), sensor(), pick)),
      keyOfSighting,
    ),
    verdicts,
    changes: verdicts.map(changeOf),
    alerts: distinct(
      Array.from({ length: size.alerts }, () => alertOf(thing(), when(), client(), sensor(), pick)),
      keyOfAlert,
    ),
    piholeHits: distinct(
      Array.from({ length: size.alerts }, () => sightingOf(thing(), when(), client(), sensor(), pick)),
      keyOfSighting,
    ).filter(({ via }) => via === 'dns'),
    published: publishedOf(verdicts, pick),
    sensors: [...SENSORS.map(sensorOf), ...ODD_SENSORS],
    ...minutesOf(size, start, pick),
    lookups: Array.from({ length: size.scans }, (_, at) => lookupOf(thing(), when(), sensor(), at, pick)),
    quotas: ['virustotal', 'abuseipdb'].flatMap((source) =>
      [...SENSORS, 'garage', 'cellar'].flatMap((name) =>
        [0, 1].map(
          (day): Quota => ({
            source,
            startsAt: floorTo(NOW, DAY) - day * DAY,
            sensor: name,
            used: 100 + pick(200),
            allowed: source === 'virustotal' ? 500 : ([null, 1000][pick(2)] ?? null),
          }),
        ),
      ),
    ),
    members: [
      ...['gateway', 'garage'].map((name): Member => ({ account: 'a'.repeat(64), sensor: name, seen: NOW - MINUTE })),
      { account: 'b'.repeat(64), sensor: 'gateway', seen: NOW - HOUR },
      { account: 'c'.repeat(64), sensor: SENSORS[1] ?? '', seen: NOW - MINUTE },
    ],
  };
}

/** Few things are used often and most rarely. */
function floorSquare(pick: (below: number) => number, count: number): number {
  return Math.min(pick(count), pick(count));
}

function thingsOf(count: number): readonly Thing[] {
  const made = Array.from({ length: count }, (_, at): Thing => {
    if (at % 10 === 7) return { kind: 'ip', value: `192.0.${at >> 8}.${at & 255}` };
    if (at % 10 === 8) return { kind: 'ip', value: `2001:db8::${at.toString(16)}` };
    if (at % 20 === 9) return { kind: 'url', value: `http://host-${at}.example.org/p?q='"<b>` };
    if (at % 20 === 19) return { kind: 'file', value: at.toString(16).padStart(64, '0') };
    return { kind: 'domain', value: `host-${at}.bad-${at % 7}.example.com` };
  });
  return [...made.slice(0, 3), ...HOSTILE.map((value): Thing => ({ kind: 'domain', value })), ...made.slice(3)];
}

function scanOf(thing: Thing, at: number, sensor: string, pick: (below: number) => number): Scan {
  const isFound = pick(8) > 0;
  const positives = isFound && pick(4) === 0 ? pick(12) : 0;
  const ages = [null, pick(DAY), DAY + pick(6 * DAY), 8 * DAY + pick(20 * DAY), 40 * DAY];
  const age = ages[pick(ages.length)] ?? null;
  const source = sourceOf(pick);
  // A second opinion is one engine.
  const total = isFound ? (source === 'virustotal' ? 92 : 1) : 0;
  return {
    ...thing,
    source,
    at,
    sensor,
    outcome: isFound ? 'found' : 'not_found',
    analysedAt: isFound && age !== null ? floorTo(at - age, 1000) : null,
    positives: Math.min(positives, total),
    total,
    permalink:
      pick(20) === 0
        ? 'javascript:alert(1)'
        : `https://www.virustotal.com/gui/search/${encodeURIComponent(thing.value).slice(0, 200)}`,
    results: Array.from({ length: positives }, () => RESULTS[pick(RESULTS.length)] ?? ''),
  };
}

/** Mostly VirusTotal; second opinions are rows of the same tables. */
function sourceOf(pick: (below: number) => number): string {
  return ['quad9', 'cloudflare-security', 'abuseipdb'][pick(9)] ?? 'virustotal';
}

function sightingOf(
  thing: Thing,
  at: number,
  client: string,
  sensor: string,
  pick: (below: number) => number,
): Sighting {
  const hour = floorTo(at, HOUR);
  const count = 1 + pick(30);
  const via = thing.kind === 'domain' ? (['dns', 'tls'][pick(4) === 0 ? 1 : 0] ?? 'dns') : 'flow';
  const nxdomain = via === 'dns' && client.endsWith('.3') ? count : 0;
  return {
    ...thing,
    hour,
    client,
    via,
    sensor,
    count,
    nxdomain,
    firstSeen: at,
    lastSeen: Math.min(at + pick(MINUTE), hour + HOUR - 1),
  };
}

function verdictsOf(things: readonly Thing[], pick: (below: number) => number, when: () => number): readonly Verdict[] {
  return things.flatMap((thing, at) => {
    const state = at % 9 === 0 || HOSTILE.includes(thing.value) ? (STATES[at % 2] ?? '') : (STATES[2 + pick(4)] ?? '');
    return SENSORS.slice(0, 1 + pick(2)).map((sensor, nth): Verdict => {
      const since = when();
      const held = state === 'malicious' && at % 4 === 0 ? 1 : 0;
      return {
        ...thing,
        sensor,
        state,
        held,
        // Sensors ask at different times: one may hold 5/92 where the other holds 10/92.
        ratio: at % 5 === 0 ? null : `${(at + 5 * nth) % 12}/92`,
        since,
        judged: since - pick(60 * DAY),
      };
    });
  });
}

function changeOf({ kind, value, sensor, since, state }: Verdict): Change {
  return { kind, value, sensor, at: since, from: 'unasked', to: state };
}

function alertOf(thing: Thing, at: number, client: string, sensor: string, pick: (below: number) => number): Alert {
  const signature = pick(SIGNATURES.length);
  return {
    ...(pick(3) === 0 ? { kind: 'domain', value: '' } : thing),
    minute: floorTo(at, MINUTE),
    sensor,
    sid: 2_000_000 + signature,
    client,
    peer: `192.0.2.${pick(9)}`,
    signature: SIGNATURES[signature] ?? '',
    category: `Category "${signature}" <b>`,
    severity: Math.min(signature, 3) + 1,
    action: pick(4) === 0 ? 'blocked' : 'allowed',
    count: 1 + pick(5),
  };
}

function publishedOf(verdicts: readonly Verdict[], pick: (below: number) => number): readonly Published[] {
  return verdicts
    .filter(({ state, held }) => state === 'malicious' && held === 0)
    .flatMap(({ kind, value, sensor, since }) =>
      ['suricata', `pi"hole' <b>`].map((target): Published => {
        const state = ['published', 'proved', 'failed'][pick(3)] ?? '';
        return {
          kind,
          value,
          sensor,
          target,
          state,
          error: state === 'failed' ? `Cannot reach <b>"it's"</b> \\ 100%` : null,
          published: state === 'failed' ? null : since + 1000,
          proved: state === 'proved' ? floorTo(since, HOUR) + HOUR : null,
        };
      }),
    );
}

function sensorOf(sensor: string, at: number): Sensor {
  return {
    sensor,
    version: '1.0.0 <b>',
    started: NOW - (at + 1) * DAY,
    heartbeat: NOW - (at * 400 + 10) * 1000,
    skewMs: at * 250 - 100,
    syncedUntil: NOW - (at * 900 + 5) * 1000,
    outboxRows: at * 7,
    setAside: at * 3,
    thinned: at,
  };
}

/** One whose clock is years ahead, one that the database's clock heard before it was set back, and one that is retired. */
const ODD_SENSORS: readonly Sensor[] = [
  { ...sensorOf('garage', 0), started: AHEAD - DAY, skewMs: AHEAD - NOW, syncedUntil: AHEAD - 70_000 },
  { ...sensorOf('loft', 0), heartbeat: AHEAD },
  { ...sensorOf('cellar', 0), heartbeat: NOW - 20 * DAY, syncedUntil: NOW - 20 * DAY, setAside: 4 },
];

function minutesOf(
  { days, everyMinutes }: Size,
  start: number,
  pick: (below: number) => number,
): { readonly minutes: readonly Minute[]; readonly pihole: readonly Pihole[]; readonly suricata: readonly Suricata[] } {
  const step = everyMinutes * MINUTE;
  const first = floorTo(start, MINUTE);
  // The last ones are of the last minutes, whatever the step is: rules look at those.
  const at = [
    ...Array.from({ length: Math.floor((days * DAY) / step) }, (_, index) => first + index * step).filter(
      (one) => one < NOW - HOUR,
    ),
    ...lastHour(),
    floorTo(AHEAD, MINUTE),
  ];
  return {
    minutes: at.flatMap((minute) => SENSORS.map((sensor) => minuteOf(minute, sensor, pick))),
    pihole: at.flatMap((minute) =>
      SENSORS.map(
        (sensor): Pihole => ({
          minute,
          sensor,
          queries: 20 + pick(200),
          blocked: pick(20),
          cached: pick(90),
          forwarded: pick(90),
          blocking: ([1, 0, null] as const)[pick(3)] ?? 1,
        }),
      ),
    ),
    suricata: at.flatMap((minute) =>
      SENSORS.map(
        (sensor): Suricata => ({ minute, sensor, packets: pick(100_000), drops: pick(10) === 0 ? pick(50) : 0 }),
      ),
    ),
  };
}

function lastHour(): readonly number[] {
  return Array.from({ length: 60 }, (_, index) => floorTo(NOW, MINUTE) - (59 - index) * MINUTE);
}

function minuteOf(minute: number, sensor: string, pick: (below: number) => number): Minute {
  const rarely = (count: number) => (pick(20) === 0 ? pick(count) : 0);
  const hasQuota = pick(30) > 0;
  return {
    minute,
    sensor,
    events: pick(5000),
    dropped: rarely(9),
    malformed: rarely(3),
    truncated: rarely(3),
    lost: rarely(40),
    blind: pick(50) === 0 ? 1 : 0,
    queue: pick(9000),
    oldest: pick(400_000),
    used: hasQuota ? pick(500) : null,
    allowed: hasQuota ? 500 : null,
    coverage: pick(10) === 0 ? null : pick(1000) / 1000,
    proofAge: pick(10) === 0 ? null : pick(90_000),
    lag: pick(10) === 0 ? null : pick(900),
    outboxRows: pick(100),
  };
}

function lookupOf(thing: Thing, at: number, sensor: string, index: number, pick: (below: number) => number): Lookup {
  const outcome = ['found', 'found', 'found', 'not_found', 'quota', 'unavailable'][pick(6)] ?? '';
  // The index keeps times apart, which are part of the key.
  return {
    ...thing,
    source: sourceOf(pick),
    at: floorTo(at, 1000) + (index % 1000),
    sensor,
    outcome,
    tookMs: 50 + pick(3000),
  };
}

function distinct<T>(rows: readonly T[], key: (row: T) => string): readonly T[] {
  return [...new Map(rows.map((row) => [key(row), row])).values()];
}

// Times are part of the table's key, and of its order: equal ones would leave it open which comes first.
const keyOfScan = ({ at }: Scan): string => String(at);
const keyOfSighting = ({ hour, kind, value, client, via, sensor }: Sighting): string =>
  [hour, kind, value, client, via, sensor].join('\n');
const keyOfAlert = ({ minute, sensor, sid, client, peer, kind, value }: Alert): string =>
  [minute, sensor, sid, client, peer, kind, value].join('\n');
