import { readFileSync, rmSync } from 'node:fs';
import { writeFileAtomically } from '../../lib/atomic-file.ts';
import { array, record } from './pihole-problem.ts';

/** What we know of our list in Pi-hole. */
export interface ListState {
  /** We subscribed it, or found it subscribed; when it is gone then, a person ended it. */
  readonly subscribed: boolean;
  /** When we last had all lists read, epoch milliseconds; 0 for never. */
  readonly readAt: number;
  /** What Pi-hole held of our list when that was last verified. */
  readonly held: ReadonlySet<string>;
}

const NOTHING: ListState = { subscribed: false, readAt: 0, held: new Set() };
/** Names of what people visit are nobody else's business. */
const MODE = 0o600;

/** Keeps the state of our list in a file: without it a restart would have all lists read again. */
export class ListMemory {
  readonly #path: string;
  #state: ListState | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is remembered. A file that is missing or torn is nothing. */
  get state(): ListState {
    this.#state ??= this.#read();
    return this.#state;
  }

  /** @throws the system's error when the file cannot be written; it is remembered all the same. */
  keep(change: Partial<ListState>): void {
    this.#state = { ...this.state, ...change };
    const { subscribed, readAt, held } = this.#state;
    writeFileAtomically(this.#path, `${JSON.stringify({ subscribed, readAt, held: [...held] })}\n`, MODE);
  }

  forget(): void {
    this.#state = NOTHING;
    rmSync(this.#path, { force: true });
  }

  #read(): ListState {
    try {
      const kept = record(JSON.parse(readFileSync(this.#path, 'utf8')));
      return {
        subscribed: kept?.subscribed === true,
        readAt: typeof kept?.readAt === 'number' ? kept.readAt : 0,
        held: new Set(array(kept?.held).filter((name) => typeof name === 'string')),
      };
    } catch {
      return NOTHING;
    }
  }
}
