import type { Observable } from '../../../src/core/observable.ts';
import { virusTotalPage } from '../../../src/core/permalink.ts';
import { placeOf } from '../../../src/core/registrable-domain.ts';
import type { FlaggingEngine, Report } from '../../../src/core/report.ts';
import { sharedHosting } from '../../../src/core/shared-hosting.ts';
import { fnv1a } from '../../../src/store/fnv1a.ts';
import { DAY_MS, EXAMPLE_HOSTS, type Household } from './household.ts';

const WEEK_MS = 7 * DAY_MS;
const ENGINES = 92;

/** A stand-in for VirusTotal that knows the truth of a household and errs as the real one does. */
export class StandIn {
  /** Malicious names and the registrable domains of those who run them, with the first sight of each; a free host's is not. */
  readonly #bad = new Map<string, number>();

  constructor(household: Household, freeHosts: ReadonlySet<string>) {
    for (const [name, at] of household.malicious) {
      this.#note(name, at);
      const registrable = placeOf(name).registrable ?? name;
      const shared = sharedHosting({ kind: 'domain', value: name }) !== undefined || freeHosts.has(registrable);
      if (!shared) this.#note(registrable, at);
    }
  }

  isBad(name: string): boolean {
    return this.#bad.has(name);
  }

  /** The answer at a time. The same question at the same time gets the same answer. */
  report(observable: Observable, at: number): Report {
    const { value } = observable;
    const firstSeen = this.#bad.get(value);
    if (firstSeen === undefined) return this.#benign(observable, at);
    const missed = share(value, 'missed') < 0.3 && at - firstSeen < WEEK_MS;
    const createdAt = firstSeen - (share(value, 'age') < 0.8 ? 10 : 900) * DAY_MS;
    if (missed) return share(value, 'how') < 0.5 ? notFound(observable, at) : found(observable, at, 0, createdAt);
    return found(observable, at, 5 + Math.floor(share(value, 'engines') * 15), createdAt);
  }

  // Measured habits: 3 % of benign names carry one or two engines, and of those one in twenty three or four, which is where a mistake
  // begins; a small or generated name is often unknown.
  #benign(observable: Observable, at: number): Report {
    const { value } = observable;
    const example = EXAMPLE_HOSTS.get(value);
    if (example !== undefined) return found(observable, at, example, 0);
    const many = share(value, 'many') < 0.05 ? 2 : 0;
    const flagged = share(value, 'flagged') < 0.03 ? 1 + many + Math.floor(share(value, 'two') * 2) : 0;
    if (flagged === 0 && share(value, 'known') < 0.15) return notFound(observable, at);
    return found(observable, at, flagged, at - (share(value, 'age') < 0.9 ? 2_000 : 20) * DAY_MS);
  }

  #note(name: string, at: number): void {
    this.#bad.set(name, Math.min(at, this.#bad.get(name) ?? at));
  }
}

function found(observable: Observable, askedAt: number, malicious: number, createdAt: number): Report {
  const flagged = Array.from(
    { length: malicious },
    (_, i): FlaggingEngine => ({
      engine: `Engine ${(fnv1a(observable.value) + i) % ENGINES}`,
      category: 'malicious',
      result: 'malware',
    }),
  );
  return {
    ...empty(observable, askedAt),
    outcome: 'found',
    lastAnalysisAt: askedAt - DAY_MS,
    createdAt,
    stats: { malicious, suspicious: 0, harmless: 60, undetected: ENGINES - 60 - malicious, timeout: 0 },
    flagged,
  };
}

function notFound(observable: Observable, askedAt: number): Report {
  return { ...empty(observable, askedAt), outcome: 'not_found' };
}

function empty(observable: Observable, askedAt: number): Omit<Report, 'outcome'> {
  return {
    observable,
    source: 'virustotal',
    askedAt,
    stats: { malicious: 0, suspicious: 0, harmless: 0, undetected: 0, timeout: 0 },
    flagged: [],
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: virusTotalPage(observable),
  };
}

function share(name: string, of: string): number {
  return fnv1a(`${of}:${name}`) / 4_294_967_296;
}
