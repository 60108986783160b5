import { rmSync } from 'node:fs';
import { OperatorError } from '../../core/errors.ts';
import type { Ownership, TargetSystem } from './target-system.ts';

/** One thing that was changed on a system, with what is needed to undo it. */
export type Change =
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'folder'; readonly path: string }
  /** Mode or owner of a folder that was there. */
  | { readonly kind: 'ownership'; readonly path: string; readonly before: Ownership; readonly after: Ownership }
  | MadeFile
  | Lines
  /** A kernel setting of the running system. */
  | { readonly kind: 'setting'; readonly name: string; readonly before: string; readonly after: string }
  | { readonly kind: 'unit'; readonly name: string };

/** A file that was made. */
export interface MadeFile {
  readonly kind: 'file';
  readonly path: string;
  /** Of everything that was ever written to it. */
  readonly digests: readonly string[];
  /** Suricata's, where that may include the file and does not start without it then. */
  readonly includedBy?: { readonly binary: string; readonly config: string };
}

/** List items of ours in somebody else's file, which lies as it was in `backup`. */
export interface Lines {
  readonly kind: 'lines';
  readonly path: string;
  readonly backup: string;
  readonly items: readonly string[];
  /** False until the program whose file it is has taken them. */
  readonly isTested: boolean;
}

/** Of root alone: what stands here is undone by root, so the daemon's user must not be able to write it. */
const FOLDER = '/var/lib/home-network-guardian';
const PATH = `${FOLDER}/installed.json`;
const OF_ROOT: Ownership = { mode: 0o600, uid: 0, gid: 0 };

/** What `guardian install` changed on a system, in order. On the disk before a change is made, so that none is forgotten. */
export class Manifest {
  readonly #system: TargetSystem;
  #changes: readonly Change[];

  private constructor(system: TargetSystem, changes: readonly Change[]) {
    this.#system = system;
    this.#changes = changes;
  }

  /** @throws OperatorError when it is there and cannot be understood. */
  static read(system: TargetSystem): Manifest {
    const text = system.read(PATH);
    return new Manifest(system, text === undefined ? [] : parsed(text));
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** The change of this kind and path that is recorded. */
  find<K extends Change['kind']>(kind: K, key: string): Extract<Change, { kind: K }> | undefined {
    return this.#changes.find(
      (change): change is Extract<Change, { kind: K }> => change.kind === kind && keyOf(change) === key,
    );
  }

  /** Notes a change that is about to be made. A later one of the same thing takes its place in the order. */
  note(change: Change): void {
    const isNoted = this.#changes.some((other) => isSame(other, change));
    this.#changes = isNoted
      ? this.#changes.map((other) => (isSame(other, change) ? change : other))
      : [...this.#changes, change];
    this.#save();
  }

  /** Forgets a change that was undone; with the last one, nothing of the manifest is left. */
  forget(change: Change): void {
    this.#changes = this.#changes.filter((other) => !isSame(other, change));
    this.#save();
  }

  #save(): void {
    if (this.#changes.length === 0) {
      rmSync(this.#system.at(FOLDER), { recursive: true, force: true });
      return;
    }
    this.#system.write(PATH, `${JSON.stringify({ version: 1, changes: this.#changes }, undefined, 2)}\n`, OF_ROOT);
  }
}

function parsed(text: string): readonly Change[] {
  try {
    const { version, changes } = JSON.parse(text) as { readonly version: unknown; readonly changes: unknown };
    // Written by root for root, so its rows are taken as they are.
    if (version === 1 && Array.isArray(changes)) return changes as readonly Change[];
  } catch {
    // Said below.
  }
  throw new OperatorError(
    `Cannot read "${PATH}": it is no record of this guardian, want what "guardian install" wrote`,
    {
      hint: 'Move it away; what was installed must then be undone by hand.',
    },
  );
}

function isSame(one: Change, other: Change): boolean {
  return one.kind === other.kind && keyOf(one) === keyOf(other);
}

/** A path or a name. */
export function keyOf(change: Change): string {
  return 'path' in change ? change.path : change.name;
}
