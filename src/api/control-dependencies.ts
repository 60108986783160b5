import type { Observable, ObservableKey } from '../core/observable.ts';
import type { Override } from '../core/override.ts';
import type { Pattern } from '../core/pattern.ts';
import type { Report } from '../core/report.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Log } from '../lib/log.ts';
import type { ClientFacts, ControlStores, DisclosureFacts } from './control-stores.ts';
import type { ForgetOutcome, OverrideOutcome, PublishOutcome } from './publish-outcome.ts';
import type { ReportPanels } from './report-facts.ts';
import type { CanaryFacts, StatusFacts } from './status-facts.ts';

/** What a client of another sensor did with an observable. */
export interface ElsewhereFacts extends ClientFacts {
  readonly sensor: string;
}

/** What other sensors saw, by observable. */
export type Elsewhere = ReadonlyMap<ObservableKey, readonly ElsewhereFacts[]>;

/** Everything the control API reads and sets in motion. Joined in src/sidecar.ts. */
export interface ControlDependencies {
  readonly stores: ControlStores;
  /**
   * The verdict from what is known; asks within the manual reserve when nothing is, or with `refresh`.
   * @throws QuotaError, UnavailableError, CredentialsError, RefusedError when it had to ask and got no answer.
   */
  readonly lookUp: (
    observable: Observable,
    options: { readonly refresh: boolean },
    signal: AbortSignal,
  ) => Promise<Verdict>;
  /** Drives every target to the desired state, or says what that would change. */
  readonly publish: (options: { readonly dryRun: boolean }) => Promise<PublishOutcome>;
  /** Publishes a harmless name of ours everywhere, asks it back and withdraws it. */
  readonly runCanary: () => Promise<CanaryFacts>;
  /** Keeps an operator's word, judges what it covers anew, and publishes the difference. */
  readonly setOverride: (override: Override) => Promise<OverrideOutcome>;
  /** Takes an operator's word back and undoes it everywhere. */
  readonly forget: (pattern: Pattern) => Promise<ForgetOutcome>;
  /** The name of this sensor among those that hear its words; undefined where there are none. */
  readonly fleetSensor: () => string | undefined;
  /** Where words about it differ: who says what, on which sensor, and why one of them holds. */
  readonly whyHolds: (observable: Observable) => string | undefined;
  /** Who used these at the other sensors: `undefined` where there are none, `away` where they are out of reach. */
  readonly elsewhere: (observables: readonly Observable[]) => Promise<Elsewhere | 'away' | undefined>;
  /** The `allow` list of the configuration. */
  readonly configuredOverrides: () => readonly Override[];
  /** Why a question about it may not leave this machine (`whyNeverAsk`). */
  readonly neverAsk: (observable: Observable) => string | undefined;
  /** Why it may never be blocked (`whyNeverBlock`). */
  readonly neverBlock: (observable: Observable) => string | undefined;
  /** The sid that belongs to an indicator for life, where it ever got one. */
  readonly sidOf: (key: ObservableKey) => number | undefined;
  /** What the configured feeds say of it, as reports. */
  readonly feedReports: (observable: Observable) => readonly Report[];
  /** What a question about it is worth now. */
  readonly worthOf: (observable: Observable) => {
    readonly total: number;
    readonly parts: Readonly<Record<string, number>>;
  };
  /** The answer of another observable that serves this one, so that it needs no question of its own. */
  readonly servedBy: (observable: Observable) => { readonly by: Observable; readonly why: string } | undefined;
  /** When exactly this text was sent out, one row for each source. */
  readonly disclosuresOf: (sent: string) => readonly DisclosureFacts[];
  readonly status: () => StatusFacts;
  /** What the time since then looked like. */
  readonly report: (since: number) => ReportPanels;
  /** What is blocked, in one of the export formats; undefined for a format it does not know. */
  readonly exportAs: (format: string) => string | undefined;
  readonly metricsText: () => Promise<string>;
  /** Whether the EVE socket is bound and the store is open, and what is missing. */
  readonly ready: () => { readonly ready: boolean; readonly why: readonly string[] };
  readonly now: () => number;
  readonly log: Log;
  readonly version: string;
}
