/** One entry as its feed wrote it. */
export interface FeedEntry {
  readonly text: string;
  /** Its place in a popularity list, from 1. */
  readonly rank?: number;
}
