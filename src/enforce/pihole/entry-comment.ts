import type { Indicator } from '../../core/indicator.ts';

/** How every comment of ours begins. An entry whose comment does not is a person's, whatever our record says. */
export const COMMENT_PREFIX = 'guardian: ';

/** For several entries in one request, which share one comment. */
const SHARED_COMMENT = `${COMMENT_PREFIX}see "guardian explain NAME"`;

/** Why an entry is there and until when: `guardian: 12/92 virustotal until 2026-05-08`. Plain ASCII. */
export function entryComment({ ratio, source, expiresAt }: Indicator): string {
  const until = new Date(expiresAt).toISOString().slice(0, 10);
  return `${COMMENT_PREFIX}${ratio === '' ? '' : `${ratio} `}${plain(source)} until ${until}`;
}

/** The comment for a request: that of all its entries where it is the same. */
export function sharedComment(comments: readonly string[]): string {
  const [first = SHARED_COMMENT] = comments;
  return comments.every((comment) => comment === first) ? first : SHARED_COMMENT;
}

/** Whether a comment is one of ours. */
export function isOurComment(comment: string): boolean {
  return comment.startsWith(COMMENT_PREFIX);
}

function plain(text: string): string {
  return text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?');
}
