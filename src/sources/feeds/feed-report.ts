import type { Observable } from '../../core/observable.ts';
import { NO_STATS, type Report } from '../../core/report.ts';
import type { Feed } from './feed.ts';

/** One feed's word, as the book gives it. */
export interface FeedWord {
  readonly feed: string;
  readonly entry: string;
  readonly relation: 'exact' | 'parent' | 'network' | 'host' | 'url_on_host';
  readonly confirmedAt: number;
}

/**
 * A feed's word as a report: one flagging engine with the name the feed has among VirusTotal's engines, so that feed and
 * engine count once, and as many votes as the feed's weight. `askedAt` is when the feed last said so: a feed that cannot be
 * read any more does not keep a block alive. Undefined when the word is no evidence about the observable itself: a listed
 * URL never condemns its host, and a feed of weight 0 or of another role condemns nothing.
 */
export function reportOfFeed(feed: Feed, observable: Observable, word: FeedWord): Report | undefined {
  const votes = Math.round(feed.weight);
  if (feed.role !== 'evidence' || votes < 1 || word.relation === 'url_on_host') return undefined;
  const where = word.relation === 'exact' ? 'listed' : `listed as ${word.entry.slice(word.entry.indexOf(':') + 1)}`;
  return {
    observable,
    source: feed.name,
    outcome: 'found',
    askedAt: word.confirmedAt,
    lastAnalysisAt: word.confirmedAt,
    stats: { ...NO_STATS, malicious: votes },
    flagged: [{ engine: feed.engine, category: 'malicious', result: where }],
    reputation: 0,
    votes: { harmless: 0, malicious: 0 },
    categories: [],
    remarks: [],
    permalink: '',
  };
}
