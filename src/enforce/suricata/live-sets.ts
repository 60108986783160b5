import type { DatasetChanges } from './dataset-files.ts';
import { CONTEXT_SET_REFS, LIVE_SET_REFS, LIVE_SETS, type LiveSet } from './datasets.ts';
import type { ContextOf, SetEntry } from './set-entry.ts';
import type { SetRef, SuricataCommands } from './suricata-commands.ts';

/** An entry that is not as it should be, and why. */
export interface WrongEntry extends SetEntry {
  /** Whether it should be there. */
  readonly wanted: boolean;
  readonly reason: string;
}

/** What came of asking a running Suricata. */
export interface LiveOutcome {
  /** A set is not loaded: Suricata has not read our rules yet. */
  readonly missingSet: boolean;
  readonly wrong: readonly WrongEntry[];
}

/** Changes and questions to the datasets of a running Suricata. The command socket keeps them apart from a reload. */
export class LiveSets {
  readonly #commands: SuricataCommands;
  readonly #contextOf: () => ContextOf | undefined;

  /** `contextOf` gives what alerts are to carry; undefined where Suricata has plain sets. */
  constructor(commands: SuricataCommands, contextOf: () => ContextOf | undefined) {
    this.#commands = commands;
    this.#contextOf = contextOf;
  }

  /** Makes changes that the files hold already. Ends early when a set is not loaded, since a reload then does it all. */
  async apply(changes: DatasetChanges['live'], signal: AbortSignal): Promise<LiveOutcome> {
    const { missingSet, wrong } = await this.add(entriesOf(changes, 'added'), signal);
    if (missingSet) return { missingSet, wrong };
    const busy: WrongEntry[] = [];
    for (const { set, entry } of entriesOf(changes, 'removed')) {
      const answer = await this.#commands.datasetRemove(this.#ref(set), entry, signal);
      // No set, no match: what should be gone from a set that is not loaded is gone.
      if (answer === 'busy') busy.push({ set, entry, wanted: false, reason: 'Suricata says it is busy' });
    }
    return { missingSet: false, wrong: [...wrong, ...busy] };
  }

  /** Adds entries. Ends early when a set is not loaded. */
  async add(entries: readonly SetEntry[], signal: AbortSignal): Promise<LiveOutcome> {
    const wrong: WrongEntry[] = [];
    for (const { set, entry } of entries) {
      const answer = await this.#add({ set, entry }, signal);
      if (answer === 'no_set') return { missingSet: true, wrong };
      if (answer === 'failed') wrong.push({ set, entry, wanted: true, reason: 'Suricata failed to add it' });
    }
    return { missingSet: false, wrong };
  }

  /** Asks every entry back: `present` must be found, `absent` must not. */
  async prove(present: Iterable<SetEntry>, absent: Iterable<SetEntry>, signal: AbortSignal): Promise<LiveOutcome> {
    const wrong: WrongEntry[] = [];
    for (const { set, entry } of present) {
      const answer = await this.#commands.datasetLookup(this.#ref(set), entry, signal);
      if (answer === 'no_set') return { missingSet: true, wrong };
      if (answer === 'absent')
        wrong.push({ set, entry, wanted: true, reason: 'Suricata does not find it in its dataset' });
    }
    for (const { set, entry } of absent) {
      const answer = await this.#commands.datasetLookup(this.#ref(set), entry, signal);
      if (answer === 'present')
        wrong.push({ set, entry, wanted: false, reason: 'Suricata still finds it in its dataset' });
    }
    return { missingSet: false, wrong };
  }

  /** Puts right what `prove` found wrong, and asks those entries back again. */
  async repair(wrong: readonly WrongEntry[], signal: AbortSignal): Promise<LiveOutcome> {
    for (const { set, entry, wanted } of wrong) {
      const ref = this.#ref(set);
      await (wanted ? this.#add({ set, entry }, signal) : this.#commands.datasetRemove(ref, entry, signal));
    }
    const [present, absent] = [wrong.filter(({ wanted }) => wanted), wrong.filter(({ wanted }) => !wanted)];
    return this.prove(present, absent, signal);
  }

  /** Whether a loaded set holds an entry. */
  async holds({ set, entry }: SetEntry, signal: AbortSignal): Promise<boolean> {
    return (await this.#commands.datasetLookup(this.#ref(set), entry, signal)) === 'present';
  }

  #add({ set, entry }: SetEntry, signal: AbortSignal): Promise<'added' | 'present' | 'no_set' | 'failed'> {
    const contextOf = this.#contextOf();
    return contextOf === undefined
      ? this.#commands.datasetAdd(this.#ref(set), entry, signal)
      : this.#commands.datasetAddJson(this.#ref(set), entry, contextOf({ set, entry }), signal);
  }

  #ref(set: LiveSet): SetRef {
    return (this.#contextOf() === undefined ? LIVE_SET_REFS : CONTEXT_SET_REFS)[set];
  }

  /** Whether Suricata has loaded the rules over the datasets at all. */
  async areLoaded(signal: AbortSignal): Promise<boolean> {
    // Any name does: what is asked is whether the set exists. This one is reserved by RFC 6761.
    return (await this.#commands.datasetLookup(this.#ref('domains'), 'guardian.invalid', signal)) !== 'no_set';
  }
}

/** Every entry on one side of a change. */
export function entriesOf(live: DatasetChanges['live'], side: 'added' | 'removed'): readonly SetEntry[] {
  return LIVE_SETS.flatMap((set) => live[set][side].map((entry) => ({ set, entry })));
}

/** How many entries a change is about. */
export function countOf(live: DatasetChanges['live']): number {
  return entriesOf(live, 'added').length + entriesOf(live, 'removed').length;
}
