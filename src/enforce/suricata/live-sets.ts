import type { ObservableKey } from '../../core/observable.ts';
import type { DatasetChanges } from './dataset-files.ts';
import { LIVE_SET_REFS, LIVE_SETS, type LiveSet } from './datasets.ts';
import type { SuricataCommands } from './suricata-commands.ts';

/** An entry of a live set. */
export interface SetEntry {
  readonly set: LiveSet;
  readonly entry: string;
}

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

  constructor(commands: SuricataCommands) {
    this.#commands = commands;
  }

  /** Makes changes that the files hold already. Ends early when a set is not loaded, since a reload then does it all. */
  async apply(changes: DatasetChanges['live'], signal: AbortSignal): Promise<LiveOutcome> {
    const { missingSet, wrong } = await this.add(entriesOf(changes, 'added'), signal);
    if (missingSet) return { missingSet, wrong };
    const busy: WrongEntry[] = [];
    for (const { set, entry } of entriesOf(changes, 'removed')) {
      const answer = await this.#commands.datasetRemove(LIVE_SET_REFS[set], entry, signal);
      // No set, no match: what should be gone from a set that is not loaded is gone.
      if (answer === 'busy') busy.push({ set, entry, wanted: false, reason: 'Suricata says it is busy' });
    }
    return { missingSet: false, wrong: [...wrong, ...busy] };
  }

  /** Adds entries. Ends early when a set is not loaded. */
  async add(entries: readonly SetEntry[], signal: AbortSignal): Promise<LiveOutcome> {
    const wrong: WrongEntry[] = [];
    for (const { set, entry } of entries) {
      const answer = await this.#commands.datasetAdd(LIVE_SET_REFS[set], entry, signal);
      if (answer === 'no_set') return { missingSet: true, wrong };
      if (answer === 'failed') wrong.push({ set, entry, wanted: true, reason: 'Suricata failed to add it' });
    }
    return { missingSet: false, wrong };
  }

  /** Asks every entry back: `present` must be found, `absent` must not. */
  async prove(present: Iterable<SetEntry>, absent: Iterable<SetEntry>, signal: AbortSignal): Promise<LiveOutcome> {
    const wrong: WrongEntry[] = [];
    for (const { set, entry } of present) {
      const answer = await this.#commands.datasetLookup(LIVE_SET_REFS[set], entry, signal);
      if (answer === 'no_set') return { missingSet: true, wrong };
      if (answer === 'absent')
        wrong.push({ set, entry, wanted: true, reason: 'Suricata does not find it in its dataset' });
    }
    for (const { set, entry } of absent) {
      const answer = await this.#commands.datasetLookup(LIVE_SET_REFS[set], entry, signal);
      if (answer === 'present')
        wrong.push({ set, entry, wanted: false, reason: 'Suricata still finds it in its dataset' });
    }
    return { missingSet: false, wrong };
  }

  /** Puts right what `prove` found wrong, and asks those entries back again. */
  async repair(wrong: readonly WrongEntry[], signal: AbortSignal): Promise<LiveOutcome> {
    for (const { set, entry, wanted } of wrong) {
      const ref = LIVE_SET_REFS[set];
      await (wanted ? this.#commands.datasetAdd(ref, entry, signal) : this.#commands.datasetRemove(ref, entry, signal));
    }
    const [present, absent] = [wrong.filter(({ wanted }) => wanted), wrong.filter(({ wanted }) => !wanted)];
    return this.prove(present, absent, signal);
  }

  /** Whether Suricata has loaded the rules over the datasets at all. */
  async areLoaded(signal: AbortSignal): Promise<boolean> {
    // Any name does: what is asked is whether the set exists. This one is reserved by RFC 6761.
    return (await this.#commands.datasetLookup(LIVE_SET_REFS.domains, 'guardian.invalid', signal)) !== 'no_set';
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

/** The key of the indicator that an entry stands for. */
export function keyOfEntry({ set, entry }: SetEntry): ObservableKey {
  return set === 'ips' ? `ip:${entry}` : `domain:${set === 'dotted' ? entry.slice(1) : entry}`;
}
