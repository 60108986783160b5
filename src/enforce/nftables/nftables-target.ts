import type { DesiredState } from '../../core/indicator.ts';
import type { Observable, ObservableKey } from '../../core/observable.ts';
import type { DriveOutcome, Target } from '../target.ts';
import { changesTo, type FirewallChanges, type FirewallState } from './firewall-changes.ts';
import { type FirewallPlan, planFirewall } from './firewall-entry.ts';
import { type FirewallSet, parseFirewallSet, type SetKind } from './firewall-set.ts';
import { NftCommand } from './nft-command.ts';
import { type FirewallNames, renderChanges, renderSetup, TABLE_COMMENT } from './nft-script.ts';

export interface NftablesOptions extends FirewallNames {
  /** The program and the words before its arguments. Default `['nft']`. */
  readonly command?: readonly string[];
  /** Why an address is shared between strangers, or `undefined` where it is not known to be. */
  readonly whyShared: (observable: Observable) => string | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Others may change the sets, and elements end, between our look and our transaction, which then fails as a whole.
 * It is tried anew from what is there by then.
 */
const MAX_ATTEMPTS = 3;

/** Addresses that strangers share are named in a notice, up to this many. */
const MAX_NAMED = 3;

/**
 * Two sets of nftables in a table of their own, for addresses only. What should be in them is compared with what the kernel
 * says is in them, so that a flush, a reboot or another's change is put right; every element ends by itself with its
 * evidence, also when guardian does not run. Elements, sets and tables of others are never touched. The rules that use the
 * sets are the user's (native-config/nftables/guardian.nft).
 */
export class NftablesTarget implements Target {
  readonly name = 'nftables';
  readonly #options: NftablesOptions;
  readonly #nft: NftCommand;

  constructor(options: NftablesOptions) {
    this.#options = options;
    this.#nft = new NftCommand(options.command ?? ['nft']);
  }

  async drive(desired: DesiredState, signal?: AbortSignal): Promise<DriveOutcome> {
    const plan = this.#plan(desired);
    const added = new Set<ObservableKey>();
    const removed = new Set<ObservableKey>();
    for (let attempt = 1; ; attempt += 1) {
      const state = await this.#read(signal);
      const changes = changesTo(plan.entries, state);
      // Nothing left to change is the proof: it is what the kernel said after the last transaction.
      const proved = isNothing(changes);
      if (proved || attempt > MAX_ATTEMPTS) {
        const missing = changes.add.map(({ key }): [ObservableKey, string] => [key, 'the firewall did not keep it']);
        return {
          unsupported: plan.unsupported,
          failed: new Map(missing),
          declined: plan.failed,
          proved,
          added: added.size,
          removed: removed.size,
          ...noticeOf([sharedNotice(plan), this.#unusedNotice(state)]),
        };
      }
      if (!(await this.#apply(changes, state, attempt, signal))) continue;
      for (const { key } of changes.add) added.add(key);
      for (const { key } of changes.remove) removed.add(key);
    }
  }

  async preview(desired: DesiredState): Promise<{ add: readonly ObservableKey[]; remove: readonly ObservableKey[] }> {
    const { add, remove } = changesTo(this.#plan(desired).entries, await this.#read(undefined));
    return { add: add.map(({ key }) => key), remove: remove.map(({ key }) => key) };
  }

  /**
   * Takes everything of ours out of the firewall, for good. A table that carries guardian's comment is deleted with all in it,
   * its rules too; from a table of the user's only our elements go, since rules of theirs may name the sets.
   */
  async withdraw(signal?: AbortSignal): Promise<void> {
    const { table } = this.#options;
    const listed = await this.#listTable(signal);
    if (listed === undefined) return;
    if (new RegExp(`^\\tcomment "${TABLE_COMMENT}"$`, 'm').test(listed))
      await this.#nft.apply(`delete table ${table}\n`, signal);
    else await this.drive(new Map(), signal);
  }

  #plan(desired: DesiredState): FirewallPlan {
    return planFirewall(desired, this.#options.whyShared, this.#options.now());
  }

  /** Whether the changes were made; throws what went wrong in the last attempt. */
  async #apply(
    changes: FirewallChanges,
    state: FirewallState,
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const isComplete = state.table !== undefined && state.set4 !== undefined && state.set6 !== undefined;
    const setup = isComplete ? '' : renderSetup(this.#options, state.table !== undefined);
    try {
      await this.#nft.apply(setup + renderChanges(this.#options, changes), signal);
      return true;
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || signal?.aborted === true) throw error;
      return false;
    }
  }

  async #read(signal: AbortSignal | undefined): Promise<FirewallState> {
    const [table, set4, set6] = await Promise.all([
      this.#listTable(signal),
      this.#readSet({ name: this.#options.set4, type: 'ipv4_addr' }, signal),
      this.#readSet({ name: this.#options.set6, type: 'ipv6_addr' }, signal),
    ]);
    return { table, set4, set6 };
  }

  async #readSet(kind: SetKind, signal: AbortSignal | undefined): Promise<FirewallSet | undefined> {
    const listed = await this.#nft.list(['-j', 'list', 'set', ...this.#options.table.split(' '), kind.name], signal);
    return listed === undefined ? undefined : parseFirewallSet(listed, kind);
  }

  /** The table with its rules and without the elements of its sets. */
  #listTable(signal: AbortSignal | undefined): Promise<string | undefined> {
    return this.#nft.list(['-t', 'list', 'table', ...this.#options.table.split(' ')], signal);
  }

  /** A set that no rule names drops nothing, which nobody would notice otherwise. */
  #unusedNotice(state: FirewallState): string | undefined {
    const filled = (['set4', 'set6'] as const).filter((family) => (state[family]?.size ?? 0) > 0);
    if (filled.length === 0) return undefined;
    const unused = filled
      .map((family) => this.#options[family])
      .filter((set) => !new RegExp(`@${set}\\b`).test(state.table ?? ''));
    if (unused.length === 0) return undefined;
    return `no rule uses ${unused.map((set) => `@${set}`).join(' and ')}, so nothing is dropped: load native-config/nftables/guardian.nft`;
  }
}

function isNothing({ add, renew, remove }: FirewallChanges): boolean {
  return add.length + renew.length + remove.length === 0;
}

function sharedNotice({ shared }: FirewallPlan): string | undefined {
  if (shared.size === 0) return undefined;
  const named = [...shared].slice(0, MAX_NAMED).map(([address, why]) => `${address} (${why})`);
  const more = shared.size > MAX_NAMED ? ` and ${shared.size - MAX_NAMED} more` : '';
  return `kept out of the firewall, since strangers share them: ${named.join(', ')}${more}`;
}

function noticeOf(parts: readonly (string | undefined)[]): { readonly notice?: string } {
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? {} : { notice: said.join('; ') };
}
