import type { Observable } from '../core/observable.ts';
import { placeOf, registrableDomain } from '../core/registrable-domain.ts';
import { sharedHosting } from '../core/shared-hosting.ts';
import type { VerdictState } from '../core/verdict.ts';
import { hostOfUrl, urlForDisclosure } from '../core/web-url.ts';

/** What is asked on behalf of an observable, and why it is that. */
export interface Representative {
  readonly observable: Observable;
  /** A sentence. */
  readonly why: string;
}

/** One answer serves another observable. That is no report about it: its own state stays `unasked`. */
export interface Service {
  readonly by: Observable;
  readonly state: VerdictState;
  /** A sentence. */
  readonly why: string;
}

/** Answers of a registrable domain after which nothing is asked about the hosts below it. */
const SETTLING: ReadonlySet<VerdictState> = new Set(['clean', 'noise']);

/**
 * Whom to ask about first: the registrable domain stands for its hosts, since whoever runs it runs them. A host below a suffix or a
 * network that strangers share, or below a provider of dynamic DNS, an address and a file stand for themselves. A URL is asked about
 * without its query, whoever asks: all that differ in that alone are one question.
 */
export function representativeOf(
  observable: Observable,
  isDynamicDns: (name: string) => boolean = () => false,
): Representative {
  if (observable.kind === 'url') {
    const value = urlForDisclosure(observable.value);
    return { observable: { kind: 'url', value }, why: 'A URL is asked about without its query, which stays here.' };
  }
  if (observable.kind !== 'domain') return { observable, why: `A ${observable.kind} is asked about itself.` };
  const shared = sharedHosting(observable);
  if (shared !== undefined) return { observable, why: `It is ${shared}: the parent says nothing about it.` };
  const { registrable } = placeOf(observable.value);
  if (registrable === undefined || registrable === observable.value)
    return { observable, why: 'It is what somebody registered.' };
  if (isDynamicDns(registrable)) return { observable, why: `${registrable} hands out names to anybody.` };
  return {
    observable: { kind: 'domain', value: registrable },
    why: `${registrable} is asked first: one answer serves all hosts below it.`,
  };
}

/**
 * The answer that serves an observable without a question of its own, or undefined where it needs one. Sound only where one party
 * runs both names and nobody has a word against the parent; what was not found, has no opinion, or is suspected serves nobody.
 */
export function servedBy(
  observable: Observable,
  stateOf: (observable: Observable) => VerdictState,
  isDynamicDns: (name: string) => boolean = () => false,
): Service | undefined {
  const { observable: by } = representativeOf(observable, isDynamicDns);
  if (by.value === observable.value) return undefined;
  const state = stateOf(by);
  // The same question would leave again, and bring the same answer.
  if (by.kind === 'url')
    return state === 'unasked'
      ? undefined
      : { by, state, why: `Answered by ${by.value}: ${state}. Its query stays on this machine.` };
  if (!SETTLING.has(state)) return undefined;
  return { by, state, why: `Answered by ${by.value}: ${state}. Whoever runs that domain runs this host.` };
}

/** Whether the answer of a registrable domain leaves its hosts open, so that they are asked about themselves. */
export function leavesHostsOpen(state: VerdictState): boolean {
  return state !== 'unasked' && !SETTLING.has(state);
}

/**
 * What a question counts against, so that no domain or shared network fills the queue: the registrable domain, or for a shared host the
 * suffix or network it stands below. Undefined for files and addresses. A URL counts against its host's domain.
 */
export function groupOf(observable: Observable): { readonly name: string; readonly shared: boolean } | undefined {
  if (observable.kind === 'url') return { name: registrableDomain(hostOfUrl(observable.value)), shared: false };
  if (observable.kind !== 'domain') return undefined;
  const place = placeOf(observable.value);
  const shared = sharedHosting(observable) !== undefined;
  const name = place.sharedSuffix ? place.suffix : (place.registrable ?? observable.value);
  return { name, shared };
}
