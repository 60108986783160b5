import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Reach } from './address-guard.ts';
import { type Download, download } from './download.ts';
import type { Feed } from './feed.ts';
import type { Validators } from './feed-book.ts';
import { FeedProblem } from './feed-problem.ts';

/** How feeds are reached. */
export interface LocationOptions {
  readonly userAgent: string;
  readonly allowLoopback: boolean;
  readonly now: () => number;
}

/**
 * Opens a feed, or `file` beside it (a MISP event), on the Internet or on this machine.
 * @throws FeedProblem, or the reason of `signal`.
 */
export function openLocation(
  feed: Feed,
  file: string | undefined,
  validators: Validators,
  options: LocationOptions & { readonly signal: AbortSignal },
): Promise<Download> {
  const location = file === undefined ? feed.location : sibling(feed.location, file);
  if (!/^https?:\/\//i.test(location)) return openFile(location, validators);
  const reach: Reach = { allowPrivate: feed.allowPrivate === true, allowLoopback: options.allowLoopback };
  return download({
    ...options,
    url: location.replaceAll('{key}', encodeURIComponent(feed.authKey ?? '')),
    ...(feed.authKey === undefined ? {} : { secret: feed.authKey, authKey: feed.authKey }),
    validators,
    reach,
  });
}

function sibling(location: string, file: string): string {
  return location.slice(0, location.lastIndexOf('/') + 1) + file;
}

async function openFile(path: string, validators: Validators): Promise<Download> {
  const found = await stat(path).catch((error: Error) => {
    throw new FeedProblem(`Cannot read feed file "${path}": ${error.message}`, { cause: error });
  });
  if (!found.isFile()) throw new FeedProblem(`Cannot read feed file "${path}": it is no file, want a file`);
  const etag = `${found.mtimeMs}-${found.size}-${found.ino}`;
  if (etag === validators.etag) return { kind: 'unchanged' };
  const stream = createReadStream(path);
  return { kind: 'body', stream, isGzip: false, validators: { etag, lastModified: undefined } };
}
