import { setTimeout as pause } from 'node:timers/promises';
import { type CentralAddress, CentralConnection, type ConnectionSettings, nameOf } from './central-connection.ts';
import { CentralError, centralError } from './central-error.ts';

export interface CentralPoolOptions extends Omit<ConnectionSettings, 'connectTimeoutMs' | 'queryTimeoutMs'> {
  /** Tried in this order; the one that served last is kept to. */
  readonly addresses: readonly CentralAddress[];
  /** From 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly connectTimeoutMs?: number;
  readonly queryTimeoutMs?: number;
  /** How often the password is read anew. */
  readonly passwordCheckMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** A batch takes a tenth of a second; what takes this long is a network that swallows packets. */
const QUERY_TIMEOUT_MS = 15_000;
/** Sync and questions before lookups, and a spare one. */
const MAX_IDLE = 3;
/** In use at once. More would be no quicker, and a server has 151 for everybody. */
const MAX_BUSY = 8;
/** Who waits for one of them: as many questions as anybody here asks at once, many times over. */
const MAX_WAITING = 1_000;
/** A changed password is used from here on; the server would go on serving a session of the old one. */
const PASSWORD_CHECK_MS = 30_000;
/** Deadlocks and certification failures pass at the second or third attempt; more is a server in trouble. */
const MAX_ATTEMPTS = 6;
const FIRST_RETRY_MS = 20;
/** At other servers, before it is called away. */
const MAX_MOVES = 2;

/** Sessions with the central database, over all its hosts. Every failure comes out as a CentralError. */
export class CentralPool {
  readonly #options: CentralPoolOptions;
  #idle: CentralConnection[] = [];
  readonly #busy = new Set<CentralConnection>();
  #at = 0;
  #closed = false;
  #passwordCheckedAt = Number.NEGATIVE_INFINITY;
  /** How many are lent out or being made, and who waits for one, the first first. */
  #lent = 0;
  #waiting: { readonly go: () => void; readonly giveUp: (error: CentralError) => void }[] = [];
  /** Ends the waiting for a connection that is being made. */
  readonly #connecting = new Set<(error: CentralError) => void>();

  constructor(options: CentralPoolOptions) {
    this.#options = options;
  }

  /** The server in use, as people write it. */
  get where(): string {
    const address = this.#address();
    return address === undefined ? 'nowhere' : nameOf(address);
  }

  /**
   * Lends a session to `work`, which may run more than once: again after a deadlock or lock timeout, and at another host after
   * a lost connection or a server that takes no writes. What it does must be safe to repeat; where it is not, `once` says so: then it fails
   * with the connection, since nobody knows whether the server did it.
   * @throws CentralError
   */
  async use<T>(work: (connection: CentralConnection) => Promise<T>, { once = false } = {}): Promise<T> {
    let moves = 0;
    for (let attempt = 1; ; attempt++) {
      const where = this.where;
      try {
        return await this.#once(work);
      } catch (raw) {
        const error = centralError(raw, where);
        if (this.#closed) throw error;
        if (error.failure === 'retry' && attempt < MAX_ATTEMPTS) await pause(this.#retryMs(attempt));
        else if (this.#mayMove(error, once) && moves < MAX_MOVES - 1) {
          moves += 1;
          this.#forgetIdle();
        } else throw error;
      }
    }
  }

  /** Ends every session, also those in use or being made, at once. For good: a pool is not opened again. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#busy) connection.destroy();
    for (const give of this.#connecting) give(closed());
    for (const { giveUp } of this.#waiting) giveUp(closed());
    this.#waiting = [];
    this.#forgetIdle();
  }

  #mayMove({ failure }: CentralError, once: boolean): boolean {
    return failure === 'elsewhere' || (failure === 'lost' && !once);
  }

  async #once<T>(work: (connection: CentralConnection) => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await this.#lend(work);
    } finally {
      this.#lent -= 1;
      this.#waiting.shift()?.go();
    }
  }

  async #turn(): Promise<void> {
    if (this.#lent >= MAX_BUSY) {
      if (this.#waiting.length >= MAX_WAITING)
        throw new CentralError(`Cannot use central database: ${MAX_WAITING} questions wait for it already`, {
          failure: 'else',
        });
      await new Promise<void>((go, giveUp) => {
        this.#waiting.push({ go, giveUp });
      });
    }
    this.#lent += 1;
  }

  async #lend<T>(work: (connection: CentralConnection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    this.#busy.add(connection);
    try {
      const result = await work(connection);
      this.#giveBack(connection);
      return result;
    } catch (error) {
      const { failure } = centralError(error, this.where);
      if (failure === 'retry' || failure === 'data') this.#giveBack(connection);
      else connection.destroy();
      // The next session is opened somewhere else.
      if (failure === 'elsewhere' || failure === 'lost') this.#at += 1;
      throw error;
    } finally {
      this.#busy.delete(connection);
    }
  }

  async #take(): Promise<CentralConnection> {
    this.#endOutdated();
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (!idle.isBroken) return idle;
    const connecting = this.#connect();
    let giveUp: (error: CentralError) => void = () => undefined;
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    this.#connecting.add(giveUp);
    try {
      return await Promise.race([connecting, givenUp]);
    } finally {
      this.#connecting.delete(giveUp);
      // Nobody waits any more for one that is made after the end.
      if (this.#closed)
        connecting.then(
          (late) => late.destroy(),
          () => undefined,
        );
    }
  }

  /** Ends sessions that were opened with another password than the present one. */
  #endOutdated(): void {
    const { passwordCheckMs = PASSWORD_CHECK_MS } = this.#options;
    if (performance.now() - this.#passwordCheckedAt < passwordCheckMs) return;
    this.#passwordCheckedAt = performance.now();
    const present = this.#password();
    if (present === undefined) return;
    for (const connection of this.#idle) if (!connection.wasOpenedWith(present)) connection.destroy();
    this.#idle = this.#idle.filter((connection) => !connection.isBroken);
  }

  /** `undefined` where its file is away for a moment, which is no reason to end what works. */
  #password(): string | undefined {
    try {
      return this.#options.password();
    } catch {
      return undefined;
    }
  }

  /** Every host once, beginning with the one that served last. */
  async #connect(): Promise<CentralConnection> {
    const { addresses } = this.#options;
    let failed: CentralError | undefined;
    for (let tried = 0; tried < addresses.length && !this.#closed; tried++) {
      const address = this.#address();
      if (address === undefined) break;
      try {
        return await CentralConnection.open(address, {
          ...this.#options,
          connectTimeoutMs: this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
          queryTimeoutMs: this.#options.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
        });
      } catch (error) {
        failed = centralError(error, nameOf(address));
        this.#at += 1;
      }
    }
    throw failed ?? closed();
  }

  #address(): CentralAddress | undefined {
    const { addresses } = this.#options;
    return addresses[this.#at % addresses.length];
  }

  #giveBack(connection: CentralConnection): void {
    if (connection.isBroken || this.#closed || this.#idle.length >= MAX_IDLE) connection.destroy();
    else this.#idle.push(connection);
  }

  #forgetIdle(): void {
    for (const connection of this.#idle) connection.destroy();
    this.#idle = [];
  }

  #retryMs(attempt: number): number {
    return FIRST_RETRY_MS * 2 ** (attempt - 1) * (0.5 + this.#options.random());
  }
}

function closed(): CentralError {
  return new CentralError('Cannot use central database: this guardian is stopping', { failure: 'lost' });
}
