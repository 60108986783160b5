import { isCanary } from '../../core/canary.ts';
import type { ObservableKey } from '../../core/observable.ts';
import type { DriveOutcome } from '../target.ts';
import { COMMENT_PREFIX } from './entry-comment.ts';
import { joinNotices } from './join-notices.ts';
import type { PiholeBook } from './pihole-book.ts';
import type { PiholeProof } from './pihole-proof.ts';
import { byWorth, type PiholePlan } from './wanted-entry.ts';

/** What is needed to look at a Pi-hole that is told nothing. */
export interface ListOnlyOptions {
  readonly proof: PiholeProof;
  readonly book: PiholeBook;
  readonly listAddress: string;
}

/** A Pi-hole that has our list and nothing else from us: a person subscribed it. Only its DNS is asked whether the list has arrived. */
export class ListOnly {
  readonly #options: ListOnlyOptions;

  constructor(options: ListOnlyOptions) {
    this.#options = options;
  }

  /** What a drive comes to. `why` is the reason for having the list alone where nobody asked for that. */
  async look(plan: PiholePlan, why: string | undefined, signal: AbortSignal): Promise<DriveOutcome> {
    const canaries = new Set(
      plan.names.filter(({ name }) => isCanary({ kind: 'domain', value: name })).map(({ key }) => key),
    );
    const standing = [...plan.names, ...plan.wildcards].filter(({ key }) => !canaries.has(key)).sort(byWorth);
    const { open, silent } = await this.#options.proof.look(standing, signal);
    const failed = new Map<ObservableKey, string>();
    for (const { key } of open) failed.set(key, 'waits for Pi-hole to read its lists again ("pihole -g")');
    return {
      // A canary is gone again long before the list is read.
      unsupported: new Set([...plan.unsupported, ...canaries]),
      failed,
      declined: plan.refused,
      proved: !silent && open.length === 0,
      added: 0,
      removed: 0,
      ...joinNotices([
        why,
        silent ? 'the DNS of Pi-hole does not answer: check pihole.dns' : undefined,
        this.#leftovers(),
        open.length > 0 || why !== undefined ? `subscribe Pi-hole to ${this.#options.listAddress}` : undefined,
      ]),
    };
  }

  #leftovers(): string | undefined {
    const left = this.#options.book.all().filter((entry) => entry.state === 'placed').length;
    if (left === 0) return undefined;
    return `${left} entries of ours still stand in Pi-hole, out of reach now: delete those that begin with "${COMMENT_PREFIX}"`;
  }
}
