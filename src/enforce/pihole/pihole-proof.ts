import type { ObservableKey } from '../../core/observable.ts';
import type { DnsProof } from './dns-proof.ts';
import type { PiholeFinding } from './pihole-answers.ts';
import type { PiholeClient } from './pihole-client.ts';
import type { WantedEntry } from './wanted-entry.ts';

/** What a proof asks with. */
export interface PiholeProofOptions {
  readonly client: PiholeClient;
  readonly dns: DnsProof;
}

/** What a drive brought about, to be proved. */
export interface ProofMatter {
  readonly added: readonly WantedEntry[];
  /** Everything that should be blocked now. */
  readonly standing: readonly WantedEntry[];
  /** Whether Pi-hole blocks at all. */
  readonly isBlocking: boolean;
}

/** What a proof came to. */
export interface ProofOutcome {
  readonly proved: boolean;
  readonly failed: ReadonlyMap<ObservableKey, string>;
  /** What a person wants otherwise, which is respected. */
  readonly declined: ReadonlyMap<ObservableKey, string>;
  readonly notice: string | undefined;
}

/** Every proof shows in Pi-hole's query log, so of what stands already only some are asked about each time. */
const SAMPLE = 8;
/** Of what is new, all; a thousand at once is a first start. */
const MAX_NEW = 1000;
/** How many unblocked names are looked into. */
const EXPLAINED = 20;
/** Long enough for a reload that somebody else's change brought about. */
const KNOWN_PATIENCE_MS = 200;

/** Proves by DNS what Pi-hole blocks, and explains what it does not. */
export class PiholeProof {
  readonly #options: PiholeProofOptions;
  /** Names found unblocked last time, asked about again each time until they are. */
  #suspects: ReadonlySet<string> = new Set();
  #next = 0;

  constructor(options: PiholeProofOptions) {
    this.#options = options;
  }

  /** Proves everything new and a sample of the rest that moves on with each call. */
  async prove(matter: ProofMatter, signal: AbortSignal): Promise<ProofOutcome> {
    const { added, standing, isBlocking } = matter;
    if (!isBlocking) {
      const notice = 'blocking is switched off in Pi-hole, so nothing is blocked there';
      return { proved: false, ...NOTHING, notice };
    }
    const fresh = new Set(added.filter((entry) => entry.place !== 'allow/exact').slice(0, MAX_NEW));
    const older = standing.filter((entry) => !fresh.has(entry));
    const suspects = older.filter((entry) => this.#suspects.has(entry.name)).slice(0, EXPLAINED);
    const known = [...suspects, ...this.#sample(older)];
    const asked = new Map([...fresh, ...known].map((entry) => [entry.name, entry]));
    const { open, silent } = await this.#ask([...fresh], known, signal);
    if (silent) return { proved: false, ...NOTHING, notice: 'the DNS of Pi-hole does not answer: check pihole.dns' };
    this.#suspects = new Set(open);
    const failed = new Map<ObservableKey, string>();
    const declined = new Map<ObservableKey, string>();
    for (const [index, name] of open.entries()) {
      const entry = asked.get(name);
      if (entry === undefined) continue;
      const why = index < EXPLAINED ? await this.#whyDeclined(name, signal) : undefined;
      if (why === undefined) failed.set(entry.key, 'Pi-hole still answers it');
      else declined.set(entry.key, why);
    }
    const hasBlocked = failed.size + declined.size < asked.size;
    return { proved: hasBlocked || failed.size === 0, failed, declined, notice: undefined };
  }

  /** Asks about a sample once, without patience. */
  async look(
    standing: readonly WantedEntry[],
    signal: AbortSignal,
  ): Promise<{ readonly open: readonly WantedEntry[]; readonly silent: boolean }> {
    const asked = new Map(
      [...standing.slice(0, SAMPLE), ...this.#sample(standing.slice(SAMPLE))].map((entry) => [entry.name, entry]),
    );
    const { open, silent } = await this.#options.dns.prove([...asked.keys()], signal, 0);
    return { open: open.flatMap((name) => asked.get(name) ?? []), silent };
  }

  // What is new needs a moment to take effect. What stands for longer is blocked or not.
  async #ask(
    fresh: readonly WantedEntry[],
    known: readonly WantedEntry[],
    signal: AbortSignal,
  ): Promise<{ readonly open: readonly string[]; readonly silent: boolean }> {
    const { dns } = this.#options;
    const first = await dns.prove(namesOf(fresh), signal);
    if (first.silent) return first;
    const second = await dns.prove(namesOf(known), signal, KNOWN_PATIENCE_MS);
    return { open: [...new Set([...first.open, ...second.open])], silent: second.silent };
  }

  /** Whether a device that asks for this name is told that it is blocked. */
  async isBlocked(name: string, signal: AbortSignal): Promise<boolean> {
    const { open, absent, silent } = await this.#options.dns.prove([name], signal);
    return !silent && open.length + absent.length === 0;
  }

  async #whyDeclined(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { rows, lists } = await this.#options.client.find(name, signal);
    if (isAllowed({ rows, lists })) return 'allowed by the user in Pi-hole';
    const denied = rows.filter((row) => row.place.startsWith('deny/'));
    if (denied.some((row) => !row.enabled)) return 'switched off by a person in Pi-hole';
    if (denied.length === 0 && lists.length === 0) return 'removed by a person in Pi-hole';
    return undefined;
  }

  #sample<T>(items: readonly T[]): readonly T[] {
    if (items.length <= SAMPLE) return items;
    const from = this.#next % items.length;
    this.#next = from + SAMPLE;
    return [...items, ...items].slice(from, from + SAMPLE);
  }
}

const NOTHING = { failed: new Map<ObservableKey, string>(), declined: new Map<ObservableKey, string>() };

function namesOf(entries: readonly WantedEntry[]): readonly string[] {
  return [...new Set(entries.map((entry) => entry.name))];
}

function isAllowed({ rows, lists }: PiholeFinding): boolean {
  return (
    rows.some((row) => row.place.startsWith('allow/') && row.enabled) ||
    lists.some((list) => list.type === 'allow' && list.enabled)
  );
}
