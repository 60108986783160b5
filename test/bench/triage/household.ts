import type { Population } from './population.ts';
import type { Random } from './random.ts';

/** One name that is seen, when, and by whom. */
export interface Seeing {
  readonly at: number;
  readonly name: string;
  readonly client: string;
}

/** What happens in a household, in order of time, and the truth about it. */
export interface Household {
  readonly startsAt: number;
  readonly days: number;
  readonly seeings: readonly Seeing[];
  /** Malicious names, with when each is first seen. */
  readonly malicious: ReadonlyMap<string, number>;
  /** New names by what they are, over all days. */
  readonly mix: Readonly<Record<string, number>>;
}

/** How much of the new names of a day is what. The rest are further hosts below sites already known. */
export interface HouseholdShape {
  readonly days: number;
  readonly clients: number;
  readonly newPerDay: number;
  readonly maliciousShare: number;
  /** Sites nobody has met before, a day. */
  readonly newSites: number;
  /** Of those, small sites that are in no popularity list. */
  readonly smallShare: number;
  /** Hosts below suffixes and networks that strangers share, a day. */
  readonly sharedHosts: number;
}

export const HOUSEHOLD: HouseholdShape = {
  days: 30,
  clients: 20,
  newPerDay: 3_000,
  maliciousShare: 0.005,
  newSites: 340,
  smallShare: 0.9,
  sharedHosts: 360,
};

export const DAY_MS = 86_400_000;

/** Share of a day's traffic by hour of the day, UTC: quiet nights, busy evenings. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 6, 6, 5, 5, 6, 6, 5, 5, 6, 7, 9, 10, 11, 11, 9, 6, 4];

/** Names seen again, a day. */
const REVISITS = 4_000;

/** The user's five examples: seen on the first day, asked like everything else. */
export const EXAMPLE_HOSTS: ReadonlyMap<string, number> = new Map([
  ['consent-pref.trustarc.com', 1],
  ['google-ohttp-relay-safebrowsing.fastly-edge.com', 2],
  ['prod.detectportal.prod.cloudops.mozgcp.net', 1],
  ['storage.googleapis.com', 1],
  ['ipv4-c021-waw002-orangepl-isp.1.oca.nflxvideo.net', 1],
]);

/** Lives through the days of a household. */
export function liveThrough(population: Population, random: Random, shape: HouseholdShape = HOUSEHOLD): Household {
  const life = new Life(population, random, shape);
  for (let day = 0; day < shape.days; day++) life.live(STARTS_AT + day * DAY_MS, day === 0);
  return life.household();
}

const STARTS_AT = Date.UTC(2026, 0, 5);

class Life {
  readonly #population: Population;
  readonly #random: Random;
  readonly #shape: HouseholdShape;
  readonly #seeings: Seeing[] = [];
  readonly #malicious = new Map<string, number>();
  readonly #mix = { malicious: 0, sites: 0, small_sites: 0, shared_hosts: 0, further_hosts: 0 };
  readonly #known: string[] = [];
  readonly #pool: string[];
  readonly #bad: string[];
  readonly #used = new Set<string>(EXAMPLE_HOSTS.keys());

  constructor(population: Population, random: Random, shape: HouseholdShape) {
    this.#population = population;
    this.#random = random;
    this.#shape = shape;
    this.#pool = [...population.sites].reverse();
    this.#bad = maliciousNames(population, random, this.#maliciousPerDay() * shape.days);
  }

  live(dayStart: number, first: boolean): void {
    if (first) for (const name of EXAMPLE_HOSTS.keys()) this.#see(name, dayStart);
    for (const name of this.#bad.splice(0, this.#maliciousPerDay())) this.#meetMalicious(name, dayStart);
    for (let i = 0; i < this.#shape.newSites; i++) this.#meetSite(dayStart);
    for (let i = 0; i < this.#shape.sharedHosts; i++) {
      this.#see(
        this.#fresh(() => sharedHost(this.#population, this.#random)),
        dayStart,
      );
      this.#mix.shared_hosts++;
    }
    const rest = this.#shape.newPerDay - this.#maliciousPerDay() - this.#shape.newSites - this.#shape.sharedHosts;
    for (let i = 0; i < rest; i++) this.#meetFurtherHost(dayStart);
    this.#visitAgain(dayStart);
  }

  household(): Household {
    const end = STARTS_AT + this.#shape.days * DAY_MS;
    const seeings = this.#seeings.filter(({ at }) => at < end).sort((a, b) => a.at - b.at);
    return { startsAt: STARTS_AT, days: this.#shape.days, seeings, malicious: this.#malicious, mix: this.#mix };
  }

  #meetMalicious(name: string, dayStart: number): void {
    const client = this.#client();
    const at = this.#see(name, dayStart, client);
    this.#malicious.set(name, at);
    this.#mix.malicious++;
    // It calls home again on the days after, from the same device.
    for (let later = 1; later < 6; later++)
      if (this.#random.next() < 0.5) this.#seeings.push({ at: at + later * DAY_MS, name, client });
  }

  #meetSite(dayStart: number): void {
    const known = this.#random.next() < this.#shape.smallShare ? undefined : this.#pool.pop();
    const site = known ?? this.#fresh(() => smallSite(this.#population, this.#random));
    this.#see(known === undefined || this.#random.next() < 0.5 ? site : `www.${site}`, dayStart);
    this.#mix[known === undefined ? 'small_sites' : 'sites']++;
    // Small sites are visited and left; the large ones grow hosts.
    if (known !== undefined) this.#known.push(known);
  }

  #meetFurtherHost(dayStart: number): void {
    const parent = (): string => this.#known[this.#random.zipf(this.#known.length)] ?? 'example.com';
    this.#see(
      this.#fresh(() => `${hostLabel(this.#random)}.${parent()}`),
      dayStart,
    );
    this.#mix.further_hosts++;
  }

  #visitAgain(dayStart: number): void {
    const before = this.#seeings.length;
    for (let i = 0; i < REVISITS; i++) {
      const again = this.#seeings[this.#random.below(before)];
      if (again !== undefined && !this.#malicious.has(again.name)) this.#see(again.name, dayStart);
    }
  }

  #see(name: string, dayStart: number, client = this.#client()): number {
    const at = dayStart + timeOfDay(this.#random);
    this.#seeings.push({ at, name, client });
    this.#used.add(name);
    return at;
  }

  #fresh(make: () => string): string {
    for (;;) {
      const name = make();
      if (!this.#used.has(name)) return name;
    }
  }

  #maliciousPerDay(): number {
    return Math.round(this.#shape.newPerDay * this.#shape.maliciousShare);
  }

  // A few devices of people make most of the traffic; a camera or a lamp makes little.
  #client(): string {
    return `192.168.1.${10 + this.#random.zipf(this.#shape.clients)}`;
  }
}

// By family first, weighed by the root of its size: a family with 4,000 names is commoner than one with 10, and not 400 times.
function maliciousNames({ families }: Population, random: Random, count: number): string[] {
  const pools = [...families.values()].map((names) => ({ names: [...names], weight: Math.sqrt(names.length) }));
  const chosen: string[] = [];
  while (chosen.length < count) {
    const weights = pools.map(({ weight }) => weight);
    const pool = pools[weighted(weights, random)];
    if (pool === undefined) break;
    const [name] = pool.names.splice(random.below(pool.names.length), 1);
    if (name !== undefined) chosen.push(name);
    if (pool.names.length === 0) pools.splice(pools.indexOf(pool), 1);
  }
  return chosen;
}

function smallSite({ pieces, suffixes }: Population, random: Random): string {
  const joint = random.next() < 0.25 ? '-' : '';
  const third = random.next() < 0.15 ? random.pick(pieces) : '';
  return `${random.pick(pieces)}${joint}${random.pick(pieces)}${third}.${random.pick(suffixes)}`;
}

function sharedHost({ sharedSuffixes }: Population, random: Random): string {
  return `${random.next() < 0.6 ? `d${letters(random, 13)}` : hostLabel(random)}.${random.pick(sharedSuffixes)}`;
}

function hostLabel(random: Random): string {
  const shapes = [
    () => `rr${1 + random.below(9)}---sn-${letters(random, 8)}`,
    () => `e${random.below(99_999)}.dsc${letters(random, 1)}`,
    () => `ipv4-c${random.below(999)}-${letters(random, 3)}00${random.below(9)}-isp.1.oca`,
    () => letters(random, 12),
    () => `edge-${letters(random, 4)}-${random.below(99)}`,
    () => `api${random.below(9_999)}.${letters(random, 3)}`,
  ];
  return random.pick(shapes)();
}

function letters(random: Random, count: number): string {
  return Array.from({ length: count }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[random.below(36)]).join('');
}

function timeOfDay(random: Random): number {
  return Math.floor((weighted(HOURS, random) + random.next()) * 3_600_000);
}

/** An index of `weights`, the heavier the likelier. */
function weighted(weights: readonly number[], random: Random): number {
  let at = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    at -= weight;
    if (at < 0) return index;
  }
  return weights.length - 1;
}
