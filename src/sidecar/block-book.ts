import type { Report } from '../core/report.ts';
import type { Store } from '../store/store.ts';
import type { BlockBook } from '../triage/verdict-keeper.ts';
import type { FeedWords } from './feed-words.ts';

/** The store as those see it who decide whether a block waits, goes on or ends. */
export function blockBook(store: Store, words: FeedWords): BlockBook {
  return {
    wanted: (observable) => store.indicators.find(observable),
    uses: (observable) => {
      const stored = store.observables.find(observable);
      return stored === undefined ? [] : store.sightings.clientsOf(stored.id);
    },
    before: (observable) => {
      const [newest, ...earlier] = store.reports.history(observable);
      if (newest === undefined) return undefined;
      // A feed is read over and over and keeps no history: it says now what it said then.
      return { newest, reports: [...latestOfEach(earlier), ...words.reports(observable)] };
    },
  };
}

function latestOfEach(history: readonly Report[]): readonly Report[] {
  const latest = new Map<string, Report>();
  for (const report of history) if (!latest.has(report.source)) latest.set(report.source, report);
  return [...latest.values()];
}
