import type { Observable, ObservableKey } from '../core/observable.ts';
import type { VerdictState } from '../core/verdict.ts';

/** Something seen lately that has no answer of its own. */
export interface Candidate {
  readonly id: number;
  readonly key: ObservableKey;
  /** One of the clients that saw it; `''` where none is named. */
  readonly client: string;
}

/** A question that waits, as the walk over the queue meets it. */
export interface WaitingRow {
  readonly observable: Observable;
  readonly observableId: number;
  readonly lane: string;
  readonly parts: Readonly<Record<string, number>>;
}

/** What this network remembers, as far as triage asks it. */
export interface NetworkMemory {
  /** `unasked` where nothing is kept. */
  heldOf(observable: Observable): {
    readonly state: VerdictState;
    readonly blocked: boolean;
    /** When it was last judged; 0 where it never was. */
    readonly judgedAt: number;
  };
  /** Whether an observable, or for a registrable domain a host below it, was seen at or after `since`. */
  seenSince(observable: Observable, since: number): boolean;
  /** Of a registrable domain and the hosts below it: the clients that used them, and when the first was seen. */
  historyOf(registrable: string): { readonly clients: number; readonly firstSeenAt: number | undefined };
  hostsBelow(registrable: string, since: number, limit: number): readonly Candidate[];
  unansweredSeen(after: number, upTo: number, since: number): readonly Candidate[];
  withNewClients(after: number, upTo: number, since: number, now: number): readonly Candidate[];
  lastId(): number;
}

/** A memory that holds nothing: every question is then judged by what it is. */
export const NO_MEMORY: NetworkMemory = {
  heldOf: () => ({ state: 'unasked', blocked: false, judgedAt: 0 }),
  seenSince: () => true,
  historyOf: () => ({ clients: 0, firstSeenAt: undefined }),
  hostsBelow: () => [],
  unansweredSeen: () => [],
  withNewClients: () => [],
  lastId: () => 0,
};

/** What lists say of names at this moment. They come from feeds and may be empty. */
export interface NameKnowledge {
  /** The registrable domain is in a list of popular ones. */
  isPopular(registrable: string): boolean;
  /** The name is the parent of a dynamic-DNS or free-hosting provider. */
  isDynamicDns(name: string): boolean;
  /** Feeds that condemn the observable. */
  feedsNaming?(observable: Observable): readonly string[];
}

/** No lists. */
export const NO_LISTS: NameKnowledge = { isPopular: () => false, isDynamicDns: () => false };
