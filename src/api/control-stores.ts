import type { Alert } from '../core/alert.ts';
import type { Indicator } from '../core/indicator.ts';
import type { Observable, ObservableKind } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import type { Report } from '../core/report.ts';
import type { Via } from '../core/sighting.ts';
import type { Verdict, VerdictState } from '../core/verdict.ts';

/** What one client did with one observable. */
export interface ClientFacts {
  readonly client: string;
  readonly vias: readonly Via[];
  readonly count: number;
  /** Distinct UTC days on which it was seen. */
  readonly days: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** A question that waits for its turn. */
export interface WaitingQuestion {
  readonly lane: string;
  readonly score: number;
  /** What the score is made of, by name. */
  readonly parts: Readonly<Record<string, number>>;
  readonly enqueuedAt: number;
  readonly notBefore: number;
  readonly attempts: number;
  readonly lastError: string | undefined;
}

/** A question that was asked. */
export interface AskedFacts {
  readonly at: number;
  readonly source: string;
  readonly lane: string;
  /** `found` and `not_found` are answers; everything else is none. */
  readonly outcome: string;
  readonly tookMs: number;
  readonly error: string | undefined;
}

/** One thing that left this machine. */
export interface DisclosureFacts {
  readonly source: string;
  readonly sent: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

/** Where an observable stands at one target. */
export interface PublicationFacts {
  readonly target: string;
  readonly state: 'published' | 'proved' | 'failed';
  readonly error: string | undefined;
  readonly publishedAt: number | undefined;
  readonly provedAt: number | undefined;
}

/** One change of a verdict. */
export interface VerdictChangeFacts {
  readonly at: number;
  readonly from: VerdictState;
  readonly to: VerdictState;
  readonly ratio: string | undefined;
  readonly policyLine: string;
}

/** Which verdicts a page shows. `cursor` is where the page before ended. */
export interface VerdictPageQuery {
  readonly state?: VerdictState;
  readonly kind?: ObservableKind;
  readonly since?: number;
  readonly held?: boolean;
  readonly limit: number;
  readonly cursor?: number;
}

/** One client that had used an observable when that turned out to be bad. */
export interface FindingFacts {
  readonly client: string;
  readonly foundAt: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly count: number;
}

/** What is read from the store, and nothing more: the classes of store/ satisfy it as they are. */
export interface ControlStores {
  readonly observables: {
    find(
      observable: Observable,
    ): { readonly id: number; readonly registrable: string | undefined; readonly firstSeenAt: number } | undefined;
  };
  readonly sightings: { clientsOf(observableId: number): readonly ClientFacts[] };
  readonly reports: {
    history(observable: Observable): readonly Report[];
    latest(observable: Observable): readonly Report[];
  };
  readonly verdicts: {
    find(observable: Observable): Verdict | undefined;
    page(query: VerdictPageQuery): { readonly verdicts: readonly Verdict[]; readonly next: number | undefined };
    history(observable: Observable): readonly VerdictChangeFacts[];
  };
  readonly queue: { find(observable: Observable): WaitingQuestion | undefined };
  readonly lookups: {
    last(observable: Observable): AskedFacts | undefined;
    disclosures(limit: number, offset: number): readonly DisclosureFacts[];
    disclosedCount(): number;
  };
  readonly indicators: { find(observable: Observable): Indicator | undefined };
  readonly publications: { of(observable: Observable): readonly PublicationFacts[] };
  readonly overrides: { current(now: number): readonly Override[] };
  readonly sharedOverrides: { current(now: number): readonly Override[] };
  readonly findings: { of(observable: Observable): readonly FindingFacts[] };
  readonly alerts: { of(observable: Observable, limit: number): readonly Alert[] };
}
