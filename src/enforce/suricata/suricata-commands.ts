import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '../../core/errors.ts';
import type { CommandAnswer, CommandSocket } from './command-socket.ts';

/** Types of datasets that `dataset-add` knows; an `ipv6` set can only be changed through its file. */
export type SetType = 'string' | 'ip' | 'sha256' | 'md5';

/** A dataset that is loaded in Suricata, by name. */
export interface SetRef {
  readonly name: string;
  readonly type: SetType;
}

/** Counts of the ruleset that is loaded now, over all rule files. */
export interface RulesetStats {
  readonly loaded: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One rule that the last load refused. Suricata lists about twenty at most. */
export interface FailedRule {
  readonly filename: string;
  readonly line: number;
  readonly rule: string;
  readonly error: string;
}

/** 100,000 one-domain rules of the user's own take 40 s on two cores, and a small board is several times slower. */
const RELOAD_TIMEOUT_MS = 300_000;
const RELOAD_POLL_MS = 250;
const REMOVE_ATTEMPTS = 20;
const REMOVE_PAUSE_MS = 50;

/** Suricata's commands as typed calls, with the shapes that 7.0.10 answers. Every call may throw UnavailableError. */
export class SuricataCommands {
  readonly #socket: CommandSocket;

  constructor(socket: CommandSocket) {
    this.#socket = socket;
  }

  /** `7.0.10 RELEASE`. */
  async version(signal?: AbortSignal): Promise<string> {
    return String((await this.#ask('version', signal)).message);
  }

  /** Whole seconds since Suricata started. */
  async uptime(signal?: AbortSignal): Promise<number> {
    return Number((await this.#ask('uptime', signal)).message);
  }

  /** `workers`, `autofp`, `single`. */
  async runningMode(signal?: AbortSignal): Promise<string> {
    return String((await this.#ask('running-mode', signal)).message);
  }

  /** Commands that this Suricata has. Version 6 lacks `dataset-lookup`. */
  async commandList(signal?: AbortSignal): Promise<readonly string[]> {
    const message = record((await this.#ask('command-list', signal)).message);
    return Array.isArray(message.commands) ? message.commands.map(String) : [];
  }

  /** Adds to a loaded set. `value` is plain text; base64, which the protocol wants for strings, is made here. */
  async datasetAdd(
    set: SetRef,
    value: string,
    signal?: AbortSignal,
  ): Promise<'added' | 'present' | 'no_set' | 'failed'> {
    return addAnswer(await this.#dataset('dataset-add', set, value, signal));
  }

  /** As `datasetAdd`, to a set in JSON: `context` is the object that alerts about the entry carry. */
  async datasetAddJson(
    set: SetRef,
    value: string,
    context: string,
    signal?: AbortSignal,
  ): Promise<'added' | 'present' | 'no_set' | 'failed'> {
    return addAnswer(await this.#dataset('dataset-add-json', set, value, signal, { datajson: context }));
  }

  /** Removes from a loaded set. An entry that is in use this moment is tried again for a second. */
  async datasetRemove(
    set: SetRef,
    value: string,
    signal?: AbortSignal,
  ): Promise<'removed' | 'absent' | 'no_set' | 'busy'> {
    for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt += 1) {
      const { message } = await this.#dataset('dataset-remove', set, value, signal);
      if (message === 'data removed') return 'removed';
      // Busy is said with OK; taking it for success would leave the entry in place.
      if (message !== 'data is busy, try again') return isNoSet(message) ? 'no_set' : 'absent';
      await pause(REMOVE_PAUSE_MS, undefined, signal === undefined ? {} : { signal });
    }
    return 'busy';
  }

  /** Asks whether a loaded set holds a value. */
  async datasetLookup(set: SetRef, value: string, signal?: AbortSignal): Promise<'present' | 'absent' | 'no_set'> {
    const { ok, message } = await this.#dataset('dataset-lookup', set, value, signal);
    if (ok) return 'present';
    return isNoSet(message) ? 'no_set' : 'absent';
  }

  /**
   * Loads all rule files anew and resolves when every thread has switched. Waits out a reload that another client
   * began. The answer says nothing about broken rules: ask `rulesetStats` and `failedRules`.
   * @throws UnavailableError when Suricata says it cannot (rules given with -S).
   */
  async reloadRules(signal?: AbortSignal): Promise<void> {
    const end = Date.now() + RELOAD_TIMEOUT_MS;
    for (;;) {
      const { ok, message } = await this.#ask('ruleset-reload-rules', signal, RELOAD_TIMEOUT_MS);
      if (ok) return;
      if (message !== 'Reload already in progress' || Date.now() > end) {
        throw new UnavailableError(`Cannot reload Suricata's rules: it says "${String(message)}"`, {
          hint: 'Start Suricata without -s and -S, and name the rules file under rule-files in suricata.yaml.',
        });
      }
      await pause(RELOAD_POLL_MS, undefined, signal === undefined ? {} : { signal });
    }
  }

  /** Counts over all rule files. */
  async rulesetStats(signal?: AbortSignal): Promise<RulesetStats> {
    const first = record(list((await this.#ask('ruleset-stats', signal)).message)[0]);
    return {
      loaded: Number(first.rules_loaded ?? 0),
      failed: Number(first.rules_failed ?? 0),
      skipped: Number(first.rules_skipped ?? 0),
    };
  }

  /** Rules that the last load refused, of all rule files. */
  async failedRules(signal?: AbortSignal): Promise<readonly FailedRule[]> {
    return list((await this.#ask('ruleset-failed-rules', signal)).message).map((entry) => {
      const { filename, line, rule, error } = record(entry);
      return { filename: text(filename), line: Number(line ?? 0), rule: text(rule), error: text(error) };
    });
  }

  /** When the rules were last loaded, epoch milliseconds; `undefined` when this Suricata does not say. */
  async lastReloadAt(signal?: AbortSignal): Promise<number | undefined> {
    const first = record(list((await this.#ask('ruleset-reload-time', signal)).message)[0]);
    // Suricata writes the zone as +0000, which `Date.parse` reads only with a colon.
    const at = Date.parse(text(first.last_reload).replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
    return Number.isNaN(at) ? undefined : at;
  }

  #ask(command: string, signal: AbortSignal | undefined, timeoutMs?: number): Promise<CommandAnswer> {
    return this.#socket.send(command, undefined, {
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  #dataset(
    command: string,
    set: SetRef,
    value: string,
    signal: AbortSignal | undefined,
    more: Readonly<Record<string, string>> = {},
  ): Promise<CommandAnswer> {
    const datavalue = set.type === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value;
    const args = { setname: set.name, settype: set.type, datavalue, ...more };
    return this.#socket.send(command, args, signal === undefined ? {} : { signal });
  }
}

function addAnswer({ message }: CommandAnswer): 'added' | 'present' | 'no_set' | 'failed' {
  if (message === 'data added') return 'added';
  if (message === 'data already in set') return 'present';
  return isNoSet(message) ? 'no_set' : 'failed';
}

function isNoSet(message: unknown): boolean {
  return message === 'set not found or wrong type';
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
