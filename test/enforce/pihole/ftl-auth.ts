import { randomBytes } from 'node:crypto';

/** An answer of the API: a status and a JSON body, or none. */
export interface FtlReply {
  readonly status: number;
  readonly body?: unknown;
}

/** FTL's error shape. */
export function ftlError(status: number, key: string, message: string, hint: string | null = null): FtlReply {
  return { status, body: { error: { key, message, hint }, took: 0.0001 } };
}

/** An answer that went well. */
export function ok(body: object): FtlReply {
  return { status: 200, body: { ...body, took: 0.0001 } };
}

/** What FTL says to no body, and to one that is too long. */
export function noBody(): FtlReply {
  return ftlError(400, 'bad_request', 'No request body data');
}

/** FTL allows three log-ins a second, right ones too. */
const LOGINS_A_SECOND = 3;
const VALIDITY = 1800;

/** The sessions of the stand-in: seats, the rate of log-ins, passwords, two-factor log-in. */
export class FtlAuth {
  password: string | null = 'correct horse';
  appPassword: string | null = null;
  hasTotp = false;
  seats = 16;
  readonly sessions = new Map<string, string>();
  logins = 0;
  #recent: number[] = [];

  /** Whether a request with this session may pass. */
  admits(sid: string | undefined): boolean {
    return this.password === null || (sid !== undefined && this.sessions.has(sid));
  }

  check(sid: string | undefined): FtlReply {
    if (this.password === null) return this.#session(null, true, 'no password set');
    return sid !== undefined && this.sessions.has(sid)
      ? this.#session(sid, true, 'session valid')
      : { ...this.#session(null, false, null), status: 401 };
  }

  logIn(body: unknown, userAgent: string): FtlReply {
    this.logins++;
    if (this.password === null) return this.#session(null, true, 'no password set');
    const now = Date.now();
    this.#recent = this.#recent.filter((at) => now - at < 1000);
    if (this.#recent.length >= LOGINS_A_SECOND) return ftlError(429, 'rate_limiting', 'Rate-limiting login attempts');
    this.#recent.push(now);
    const { password, totp } = (body ?? {}) as { password?: unknown; totp?: unknown };
    if (typeof password !== 'string') return ftlError(400, 'bad_request', 'No password found in JSON payload');
    const isApp = this.appPassword !== null && password === this.appPassword;
    if (!isApp && password !== this.password) {
      return { ...this.#session(null, false, 'password incorrect'), status: 401 };
    }
    if (!isApp && this.hasTotp && totp === undefined)
      return ftlError(400, 'bad_request', 'No 2FA token found in JSON payload');
    if (this.sessions.size >= this.seats)
      return ftlError(429, 'api_seats_exceeded', 'API seats exceeded', 'increase webserver.api.max_sessions');
    const sid = `${randomBytes(18).toString('base64')}=`;
    this.sessions.set(sid, userAgent);
    return this.#session(sid, true, isApp ? 'app-password correct' : 'password correct');
  }

  logOut(sid: string | undefined): FtlReply {
    return sid !== undefined && this.sessions.delete(sid)
      ? { status: 204 }
      : ftlError(401, 'unauthorized', 'Unauthorized');
  }

  #session(sid: string | null, valid: boolean, message: string | null): FtlReply {
    const session = { valid, totp: this.hasTotp, sid, validity: valid && sid !== null ? VALIDITY : -1, message };
    return { status: 200, body: { session, took: 0.3 } };
  }
}
