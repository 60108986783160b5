import { QuotaError, RefusedError, UnavailableError } from '../../core/errors.ts';
import { type Allowances, allowancesOf } from './allowances.ts';
import type { ApiAnswer, VirusTotalApi } from './virustotal-api.ts';
import { failureOf } from './virustotal-errors.ts';

const WHAT = 'read the allowances of the VirusTotal key';
/** When the allowances themselves may not be read for now; nobody says for how long. */
const RETRY_MS = 60_000;

/**
 * Reads what a key is allowed and has used; VirusTotal takes nothing from the allowance for it. The key's user is
 * learnt once and named in the path from then on: a key in a path ends up in the logs of whatever proxy stands between.
 */
export class AllowanceReader {
  readonly #api: VirusTotalApi;
  readonly #clock: () => number;
  #userPath: string | undefined;

  constructor(api: VirusTotalApi, clock: () => number) {
    this.#api = api;
    this.#clock = clock;
  }

  /** @throws UnavailableError, QuotaError, CredentialsError, RefusedError */
  async read(signal: AbortSignal): Promise<Allowances> {
    this.#userPath ??= await this.#learnUserPath(signal);
    const answer = await this.#api.get(`${this.#userPath}/overall_quotas`, WHAT, signal);
    this.#throwIfFailed(answer);
    return allowancesOf(answer.json);
  }

  /** Forgets whose key it is. */
  forget(): void {
    this.#userPath = undefined;
  }

  async #learnUserPath(signal: AbortSignal): Promise<string> {
    const pathOfKey = this.#api.pathOfKey();
    const answer = await this.#api.get(pathOfKey, WHAT, signal);
    const failure = failureOf(answer, WHAT);
    // Not every kind of key may read its user; the allowances are documented to answer to the key as well.
    if (failure?.kind === 'not_found') return pathOfKey;
    if (failure?.kind === 'error' && failure.error instanceof RefusedError) return pathOfKey;
    this.#throwIfFailed(answer);
    const id = userIdOf(answer.json);
    return id === undefined ? pathOfKey : `/users/${encodeURIComponent(id)}`;
  }

  #throwIfFailed(answer: ApiAnswer): void {
    const failure = failureOf(answer, WHAT);
    if (failure === undefined) return;
    if (failure.kind === 'not_found') throw new UnavailableError(`Cannot ${WHAT}: it has no user, want one`);
    if (failure.kind !== 'quota') throw failure.error;
    const retryAt = this.#clock() + (answer.retryAfterMs ?? RETRY_MS);
    throw new QuotaError(`Cannot ${WHAT}: VirusTotal answered 429, want 200`, { retryAt, window: 'unknown' });
  }
}

function userIdOf(json: unknown): string | undefined {
  const id = (json as { data?: { id?: unknown } | null } | null)?.data?.id;
  return typeof id === 'string' && /^[\w.@+-]{1,128}$/.test(id) ? id : undefined;
}
