import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether an Authorization header carries the token (RFC 6750). Compared by digest and in constant time, so that
 * neither content nor length can be guessed from the time it takes.
 */
export function carriesToken(authorization: string | undefined, token: string): boolean {
  const [, given] = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '') ?? [];
  return timingSafeEqual(digest(given ?? ''), digest(token)) && given !== undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
