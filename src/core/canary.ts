import type { Observable } from './observable.ts';

/**
 * Where canaries live: names of ours that nobody can own and nobody visits (RFC 6761 reserves `.test`). They are published to prove
 * that publishing works, and are never seen, asked about or judged.
 */
export const CANARY_ZONE = 'guardian.test';

/** Whether an observable is a canary: `canary-0123abcd.guardian.test`. */
export function isCanary({ kind, value }: Observable): boolean {
  return kind === 'domain' && value.startsWith('canary-') && value.endsWith(`.${CANARY_ZONE}`);
}
