import type { Source } from '../sources/source.ts';

/** A source that is asked after VirusTotal, and how often at most. */
export interface SecondSource {
  readonly source: Source;
  readonly maxPerMinute: number;
  readonly maxPerDay: number;
}
