import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import type { DesiredState, Indicator } from '../../core/indicator.ts';
import { keyOf, type Observable, type ObservableKey } from '../../core/observable.ts';
import { replaceFile } from '../../lib/atomic-file.ts';
import { gently, type Steps, steps } from '../../lib/gently.ts';
import { linesOf } from '../../lib/lines-of.ts';
import type { DriveOutcome, Target } from '../target.ts';
import { LIST_FORMATS, type ListFormat } from './list-format.ts';
import { inOrder, listInSteps } from './render-list.ts';

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

  async drive(desired: DesiredState, signal?: AbortSignal): Promise<DriveOutcome> {
    const changes = await gently(difference(await this.#published(), desired), signal);
    const all = await gently(inOrder(desired), signal);
    let proved = true;
    for (const format of FILES) proved = (await this.#write(format, await this.#render(format, all, signal))) && proved;
    return {
      unsupported: new Set(changes.unlisted),
      failed: new Map(),
      proved,
      added: changes.add.length,
      removed: changes.remove.length,
    };
  }

  async holds(observable: Observable): Promise<boolean> {
    return (await this.#published()).has(keyOf(observable));
  }

  async preview(desired: DesiredState): Promise<{ add: readonly ObservableKey[]; remove: readonly ObservableKey[] }> {
    const { add, remove } = await gently(difference(await this.#published(), desired));
    return { add, remove };
  }

  /** A list that says the same keeps its serial, and any other has a higher one than the list in place, also when the clock went back. */
  async #render(format: ListFormat, all: readonly Indicator[], signal: AbortSignal | undefined): Promise<string> {
    const { sensor, now } = this.#options;
    const seconds = Math.floor(now() / 1000);
    const rendered = (serial: number) => gently(listInSteps(format, all, { sensor, serial }), signal);
    if (format.serialIn === undefined) return rendered(0);
    const present = (await this.#read(format)) ?? '';
    const serial = format.serialIn(present);
    if (serial === undefined) return rendered(seconds);
    const same = await rendered(serial);
    return same === present ? same : rendered(Math.max(serial + 1, seconds));
  }

  // The proof of a file is to read it back: what a reader gets is what was meant.
  async #write(format: ListFormat, content: string): Promise<boolean> {
    if ((await this.#read(format)) === content) return true;
    try {
      await replaceFile(this.#path(format), content, LIST_MODE);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new UnavailableError(`Cannot write lists to "${this.#options.dir}": ${why}`, {
        cause,
        hint: 'Check that lists.dir is writable and its disk has room; the old lists are still in place.',
      });
    }
    return (await this.#read(format)) === content;
  }

  #read(format: ListFormat): Promise<string | undefined> {
    return readFile(this.#path(format), 'utf8').catch(() => undefined);
  }

  async #published(): Promise<ReadonlySet<ObservableKey>> {
    const keys = new Set<ObservableKey>();
    for (const [file, kind] of [
      ['domains', 'domain'],
      ['ips', 'ip'],
    ] as const) {
      const format = LIST_FORMATS.get(file);
      const content = format === undefined ? undefined : await this.#read(format);
      await gently(
        steps(linesOf(content ?? ''), (line) => {
          if (line !== '' && !line.startsWith('#')) keys.add(`${kind}:${line}`);
        }),
      );
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

function* difference(
  published: ReadonlySet<ObservableKey>,
  desired: DesiredState,
): Steps<{ readonly add: ObservableKey[]; readonly remove: ObservableKey[]; readonly unlisted: ObservableKey[] }> {
  const add: ObservableKey[] = [];
  const remove: ObservableKey[] = [];
  const unlisted: ObservableKey[] = [];
  yield* steps(desired, ([key, { observable }]) => {
    if (!isListed(observable.kind)) unlisted.push(key);
    else if (!published.has(key)) add.push(key);
  });
  yield* steps(published, (key) => {
    if (!desired.has(key)) remove.push(key);
  });
  return { add, remove, unlisted };
}
