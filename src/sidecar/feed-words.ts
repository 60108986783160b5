import type { Observable } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import type { Feed } from '../sources/feeds/feed.ts';
import { reportOfFeed } from '../sources/feeds/feed-report.ts';
import type { FeedHit } from '../store/feed-store.ts';
import type { Store } from '../store/store.ts';

/** What the configured feeds say, as evidence and as context. Read from the store: nothing is asked and nothing leaves. */
export class FeedWords {
  readonly #store: Store;
  #feeds: ReadonlyMap<string, Feed>;

  constructor(store: Store, feeds: readonly Feed[]) {
    this.#store = store;
    this.#feeds = byName(feeds);
  }

  /** Listens to other feeds from now on. */
  follow(feeds: readonly Feed[]): void {
    this.#feeds = byName(feeds);
  }

  /** Whether there is any feed. */
  get isSilent(): boolean {
    return this.#feeds.size === 0;
  }

  /** Where feeds are read from over the network. */
  urls(): readonly string[] {
    return [...this.#feeds.values()].map(({ location }) => location).filter((location) => /^https?:/i.test(location));
  }

  /** What of the feeds decides how their words count. */
  basis(): unknown {
    return [...this.#feeds.values()].map(({ name, role, weight, engine }) => [name, role, weight, engine]);
  }

  /** Reports of the feeds that list it. */
  reports(observable: Observable): readonly Report[] {
    return this.#hits(observable).flatMap((hit) => {
      const feed = this.#feeds.get(hit.feed);
      const report = feed === undefined ? undefined : reportOfFeed(feed, observable, hit);
      return report === undefined ? [] : [report];
    });
  }

  /** The feeds that list it as bad, or a URL on it. */
  naming(observable: Observable): readonly string[] {
    return this.#hits(observable)
      .filter((hit) => hit.role === 'evidence')
      .map((hit) => hit.feed);
  }

  /** Whether a list of popular names holds it. */
  isPopular(registrable: string): boolean {
    return this.#hits({ kind: 'domain', value: registrable }).some((hit) => hit.role === 'popularity');
  }

  /** Whether a list of dynamic DNS or free hosting holds it. */
  isDynamicDns(name: string): boolean {
    return this.#hits({ kind: 'domain', value: name }).some((hit) => hit.role === 'dynamic_dns');
  }

  /** Why it counts as popular: `rank 900 of tranco`. */
  popularity(observable: Observable): string | undefined {
    const hit = this.#hits(observable).find((one) => one.role === 'popularity');
    if (hit === undefined) return undefined;
    return hit.rank === undefined ? `listed by ${hit.feed}` : `among the first ${hit.rank} of ${hit.feed}`;
  }

  /** Why a feed holds its host to be shared between strangers. */
  sharing(observable: Observable): string | undefined {
    const hit = this.#hits(observable).find((one) => one.role === 'shared_hosting' || one.role === 'dynamic_dns');
    if (hit === undefined) return undefined;
    const name = hit.entry.slice(hit.entry.indexOf(':') + 1);
    return hit.role === 'dynamic_dns'
      ? `a dynamic host below ${name} (${hit.feed})`
      : `a host that strangers share (${hit.feed})`;
  }

  #hits(observable: Observable): readonly FeedHit[] {
    return this.#feeds.size === 0 ? [] : this.#store.feeds.hits(observable);
  }
}

function byName(feeds: readonly Feed[]): ReadonlyMap<string, Feed> {
  return new Map(feeds.map((feed) => [feed.name, feed]));
}
