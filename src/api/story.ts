import type { Alert } from '../core/alert.ts';
import type { Observable } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import type {
  AskedFacts,
  ClientFacts,
  DisclosureFacts,
  PublicationFacts,
  VerdictChangeFacts,
  WaitingQuestion,
} from './control-stores.ts';
import type { OverrideFacts } from './override-facts.ts';
import type { VerdictFacts } from './verdict-document.ts';

/** A report with what people read off it. */
export interface ReportFacts extends Omit<Report, 'observable'> {
  /** `1/92`. */
  readonly ratio: string;
  readonly engines: number;
  readonly enginesWithOpinion: number;
}

/** A question that waits. */
export interface WaitingFacts extends Omit<WaitingQuestion, 'notBefore'> {
  readonly notBeforeAt: number;
}

/** What should be published about it. */
export interface IndicatorFacts {
  readonly source: string;
  readonly ratio: string;
  readonly subdomains: boolean;
  readonly since: number;
  readonly expiresAt: number;
}

/** The whole story of an observable. */
export interface Story {
  readonly observable: string;
  readonly kind: Observable['kind'];
  readonly seen: boolean;
  readonly firstSeenAt?: number;
  readonly registrable?: string;
  readonly verdict: VerdictFacts;
  /** Why the host is shared between strangers, where it is. */
  readonly sharedHosting?: string;
  /** Why a question about it may not leave this machine, where it may not. */
  readonly neverAsk?: string;
  /** Why it may never be blocked, where it may not. */
  readonly neverBlock?: string;
  /** Which other answer serves it, so that it needs no question of its own. */
  readonly servedBy?: string;
  readonly clients: readonly ClientFacts[];
  readonly waiting?: WaitingFacts;
  /** What a question about it is worth now, and what that is made of. */
  readonly worth?: { readonly total: number; readonly parts: Readonly<Record<string, number>> };
  readonly lastQuestion?: AskedFacts;
  /** Every report ever got, the latest first. */
  readonly reports: readonly ReportFacts[];
  readonly history: readonly VerdictChangeFacts[];
  readonly overrides: readonly OverrideFacts[];
  /** Where they differ: who says what on which sensor, and why one of them holds. */
  readonly overrideConflict?: string;
  readonly indicator?: IndicatorFacts;
  readonly publications: readonly PublicationFacts[];
  readonly sid?: number;
  readonly alerts: readonly Omit<Alert, 'observable'>[];
  readonly disclosures: readonly DisclosureFacts[];
}
