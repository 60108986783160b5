import { readFileSync, rmSync } from 'node:fs';
import { CredentialsError, type QuotaError } from '../../core/errors.ts';
import { writeFileAtomically } from '../../lib/atomic-file.ts';
import type { Log } from '../../lib/log.ts';
import { Turns } from '../suricata/turns.ts';
import type { PiholeHttp, PiholeReply } from './pihole-http.ts';
import { NoApiError, problemOf, record, tooMany, unexpected } from './pihole-problem.ts';

/** What a session needs. */
export interface PiholeSessionOptions {
  readonly http: PiholeHttp;
  /** Gives the application password; `undefined` where none is configured. */
  readonly password: () => string | undefined;
  /** Where the session id outlives a crash; mode 0600. */
  readonly sidFile: string;
  readonly log: Log;
  readonly now: () => number;
}

/** A wrong password is not tried again before that: each try costs FTL half a second and a line in its log. */
const REFUSED_HOLD_MS = 5 * 60_000;
/** Leaked seats fall free after 30 minutes without use, so asking every few seconds only takes the next free one from a person. */
const SEATS_HOLD_MS = 5 * 60_000;
const SEATS_HOLD_MAX_MS = 30 * 60_000;
/** FTL allows three log-ins a second. */
const RATE_HOLD_MS = 2000;
const LOGOUT_TIMEOUT_MS = 2000;

/** A log-in holds the CPU of a small board for long (FTL hashes passwords with much memory). */
const LOGIN_TIMEOUT_MS = 20_000;

const APP_PASSWORD_HINT =
  'In Pi-hole, Settings > Web interface / API > Expert > Configure app password; put it into pihole.password_file.';

/**
 * One session at a Pi-hole, kept over restarts: a Pi-hole has 16 seats, a seat that is not given back is lost for
 * half an hour, and a log-in is dear.
 */
export class PiholeSession {
  readonly #options: PiholeSessionOptions;
  /** `null`: this Pi-hole has no password. `undefined`: not known yet. */
  #sid: string | null | undefined;
  #held: { readonly until: number; readonly error: CredentialsError | QuotaError } | undefined;
  #seatsHoldMs = SEATS_HOLD_MS;
  /** Who blocks and who reads figures share the session: two log-ins at once would take two seats. */
  readonly #turns = new Turns();

  constructor(options: PiholeSessionOptions) {
    this.#options = options;
  }

  /**
   * The session id to send; `null` where none is needed. Logs in when there is no valid one.
   * @throws CredentialsError when a person must act; QuotaError when seats or log-ins are used up, also without asking
   * again until then; NoApiError when there is no API of version 6; UnavailableError.
   */
  async sid(signal: AbortSignal): Promise<string | null> {
    return this.#sid === undefined ? this.#turns.take(() => this.#begun(signal)) : this.#sid;
  }

  async #begun(signal: AbortSignal): Promise<string | null> {
    // Another one logged in while this one waited.
    if (this.#sid !== undefined) return this.#sid;
    signal.throwIfAborted();
    if (this.#held !== undefined && this.#options.now() < this.#held.until) throw this.#held.error;
    const restored = await this.#restored(signal);
    // `null` is an answer too: this Pi-hole has no password.
    this.#sid = restored === undefined ? await this.#logIn(signal) : restored;
    this.#held = undefined;
    this.#seatsHoldMs = SEATS_HOLD_MS;
    return this.#sid;
  }

  /** A session was refused: the next `sid` logs in anew, unless somebody else has done so already. */
  drop(refused: string | null): void {
    if (this.#sid !== refused) return;
    this.#sid = undefined;
    rmSync(this.#options.sidFile, { force: true });
  }

  /** Gives the seat back. Never throws: a Pi-hole that is away ends it by itself. */
  async end(): Promise<void> {
    const sid = this.#sid;
    if (typeof sid !== 'string') return;
    const signal = AbortSignal.timeout(LOGOUT_TIMEOUT_MS);
    await this.#options.http
      .ask({ method: 'DELETE', path: '/auth', sid, signal })
      .then(() => this.drop(sid))
      .catch((error: unknown) => this.#options.log.debug('cannot log out of pi-hole', { err: error }));
    this.#sid = undefined;
  }

  // One question tells all of: an older session still holds, no password is set, there is no API.
  async #restored(signal: AbortSignal): Promise<string | null | undefined> {
    const kept = this.#read();
    const reply = await this.#options.http.ask({
      method: 'GET',
      path: '/auth',
      signal,
      ...(kept === undefined ? {} : { sid: kept }),
    });
    if (reply.status === 404) {
      throw new NoApiError('Cannot use the API of Pi-hole: there is none of version 6 at pihole.url', {
        hint: 'Only the list reaches a Pi-hole 5: subscribe it to domains.txt and set pihole.mode to list, or update it.',
      });
    }
    if (reply.status !== 200 && reply.status !== 401) throw this.#refused(reply);
    const session = record(record(reply.body)?.session);
    if (session?.valid !== true) return undefined;
    if (typeof session.sid === 'string') return kept ?? session.sid;
    return null;
  }

  async #logIn(signal: AbortSignal): Promise<string | null> {
    const password = this.#options.password();
    if (password === undefined) {
      throw this.#hold(
        new CredentialsError('Cannot log in to Pi-hole: it wants a password, and pihole.password_file is not set', {
          hint: APP_PASSWORD_HINT,
        }),
        REFUSED_HOLD_MS,
      );
    }
    const reply = await this.#options.http.ask({
      method: 'POST',
      path: '/auth',
      body: { password },
      timeoutMs: LOGIN_TIMEOUT_MS,
      signal,
    });
    const session = record(record(reply.body)?.session);
    if (reply.status !== 200 || session?.valid !== true) throw this.#refused(reply);
    if (typeof session.sid !== 'string') return null;
    this.#write(session.sid);
    this.#options.log.info('logged in to pi-hole');
    return session.sid;
  }

  #refused(reply: PiholeReply): Error {
    const problem = problemOf(reply);
    const session = record(record(reply.body)?.session);
    if (reply.status === 429) return this.#tooMany(problem);
    if (/2fa|totp/i.test(`${problem.key} ${problem.message}`) || session?.totp === true) {
      return this.#hold(
        new CredentialsError('Cannot log in to Pi-hole: two-factor log-in is on, want an app password', {
          hint: APP_PASSWORD_HINT,
        }),
        REFUSED_HOLD_MS,
      );
    }
    // FTL answers a wrong password with a session object where every other error has an error object.
    if (reply.status === 401 || session?.valid === false) {
      return this.#hold(
        new CredentialsError('Cannot log in to Pi-hole: it refuses the password', { hint: APP_PASSWORD_HINT }),
        REFUSED_HOLD_MS,
      );
    }
    return unexpected(reply, 'log in');
  }

  #tooMany(problem: ReturnType<typeof problemOf>): QuotaError {
    if (problem.key !== 'api_seats_exceeded') {
      return this.#hold(tooMany(problem, this.#options.now() + RATE_HOLD_MS), RATE_HOLD_MS);
    }
    const holdMs = this.#seatsHoldMs;
    this.#seatsHoldMs = Math.min(holdMs * 2, SEATS_HOLD_MAX_MS);
    return this.#hold(tooMany(problem, this.#options.now() + holdMs), holdMs);
  }

  #hold<E extends CredentialsError | QuotaError>(error: E, holdMs: number): E {
    this.#held = { until: this.#options.now() + holdMs, error };
    return error;
  }

  #read(): string | undefined {
    try {
      const text = readFileSync(this.#options.sidFile, 'utf8').trim();
      return /^[\x21-\x7e]{8,200}$/.test(text) ? text : undefined;
    } catch {
      return undefined;
    }
  }

  #write(sid: string): void {
    try {
      writeFileAtomically(this.#options.sidFile, `${sid}\n`, 0o600);
    } catch (error) {
      // The session works all the same; only a crash would cost a seat.
      this.#options.log.warn('cannot keep the session of pi-hole', { path: this.#options.sidFile, err: error });
    }
  }
}
