import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import type { DesiredState } from '../../core/indicator.ts';
import { keyOf, type Observable, type ObservableKey } from '../../core/observable.ts';
import { writeFileAtomically } from '../../lib/atomic-file.ts';
import type { DriveOutcome, Target } from '../target.ts';
import { LIST_FORMATS, type ListFormat } from './list-format.ts';
import { renderList } from './render-list.ts';

export interface ListFilesOptions {
  readonly dir: string;
  readonly sensor: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Pi-hole reads a `file://` list only when others may read it. */
const LIST_MODE = 0o644;

const FILES = [...LIST_FORMATS.values()].filter((format) => format.file !== undefined);

/** The folder of list files: for Pi-hole, AdGuard Home, RPZ resolvers and scripts. */
export class ListFilesTarget implements Target {
  readonly name = 'lists';
  readonly #options: ListFilesOptions;

  constructor(options: ListFilesOptions) {
    this.#options = options;
  }

  async drive(desired: DesiredState): Promise<DriveOutcome> {
    const before = this.#published();
    let proved = true;
    try {
      for (const format of FILES) proved = this.#write(format, this.#render(format, desired)) && proved;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UnavailableError(`Cannot write lists to "${this.#options.dir}": ${why}`, {
        cause: error,
        hint: 'Check that lists.dir is writable and its disk has room; the old lists are still in place.',
      });
    }
    const changes = difference(before, desired);
    const unsupported = new Set(
      [...desired].filter(([, indicator]) => !isListed(indicator.observable.kind)).map(([key]) => key),
    );
    return {
      unsupported,
      failed: new Map(),
      proved,
      added: changes.add.length,
      removed: changes.remove.length,
    };
  }

  async holds(observable: Observable): Promise<boolean> {
    return this.#published().has(keyOf(observable));
  }

  async preview(desired: DesiredState): Promise<{ add: readonly ObservableKey[]; remove: readonly ObservableKey[] }> {
    return difference(this.#published(), desired);
  }

  /** A list that says the same keeps its serial, and any other has a higher one than the list in place, also when the clock went back. */
  #render(format: ListFormat, desired: DesiredState): string {
    const { sensor, now } = this.#options;
    if (format.serialIn === undefined) return renderList(format, desired, sensor);
    const present = this.#read(format) ?? '';
    const serial = format.serialIn(present);
    const seconds = Math.floor(now() / 1000);
    if (serial === undefined) return renderList(format, desired, sensor, seconds);
    const same = renderList(format, desired, sensor, serial);
    return same === present ? same : renderList(format, desired, sensor, Math.max(serial + 1, seconds));
  }

  // The proof of a file is to read it back: what a reader gets is what was meant.
  #write(format: ListFormat, content: string): boolean {
    if (this.#read(format) === content) return true;
    const path = this.#path(format);
    writeFileAtomically(path, content, LIST_MODE);
    // The mode of `open` is cut by the umask.
    chmodSync(path, LIST_MODE);
    return this.#read(format) === content;
  }

  #read(format: ListFormat): string | undefined {
    const path = this.#path(format);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  #published(): ReadonlySet<ObservableKey> {
    const keys = new Set<ObservableKey>();
    for (const [file, kind] of [
      ['domains', 'domain'],
      ['ips', 'ip'],
    ] as const) {
      const format = LIST_FORMATS.get(file);
      const content = format === undefined ? undefined : this.#read(format);
      for (const line of content?.split('\n') ?? [])
        if (line !== '' && !line.startsWith('#')) keys.add(`${kind}:${line}`);
    }
    return keys;
  }

  #path(format: ListFormat): string {
    return join(this.#options.dir, format.file ?? format.name);
  }
}

function isListed(kind: string): boolean {
  return kind === 'domain' || kind === 'ip';
}

function difference(
  published: ReadonlySet<ObservableKey>,
  desired: DesiredState,
): { add: ObservableKey[]; remove: ObservableKey[] } {
  const wanted = [...desired].filter(([, indicator]) => isListed(indicator.observable.kind)).map(([key]) => key);
  return {
    add: wanted.filter((key) => !published.has(key)),
    remove: [...published].filter((key) => !desired.has(key)),
  };
}
