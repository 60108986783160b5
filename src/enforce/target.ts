import type { DesiredState } from '../core/indicator.ts';
import type { ObservableKey } from '../core/observable.ts';

/**
 * A place where indicators are published: Suricata, a folder of list files, a Pi-hole, a firewall set.
 *
 * Contract, checked for every target by one suite: driving twice changes nothing the second time; a target
 * that was away catches up at the next drive, with nothing published twice and nothing left behind; entries that are
 * not ours are never touched; and a drive to the empty state removes every trace of ours.
 */
export interface Target {
  readonly name: string;
  /**
   * Drives the target to exactly `desired` and asks it back. Resolves also when parts failed (they are in the
   * outcome), so one bad indicator never stops the others. Never called concurrently with itself.
   * @throws UnavailableError when the target as a whole could not be reached; it is driven again later.
   */
  drive(desired: DesiredState, signal: AbortSignal): Promise<DriveOutcome>;
  /** What `drive` would change, without changing it. */
  preview(
    desired: DesiredState,
  ): Promise<{ readonly add: readonly ObservableKey[]; readonly remove: readonly ObservableKey[] }>;
}

/** What came of one drive. */
export interface DriveOutcome {
  /** Indicators this target cannot hold (a URL in a list of domains). They count as neither published nor failed. */
  readonly unsupported: ReadonlySet<ObservableKey>;
  /** Indicators that are wanted and not in place, with the reason. */
  readonly failed: ReadonlyMap<ObservableKey, string>;
  /** Indicators in place, and whether the target, asked back, confirmed it. In place but unproved is a state of its own. */
  readonly proved: boolean;
  readonly added: number;
  readonly removed: number;
  /** What a person should know or do although the drive went through: `no command socket, so proof waits for Suricata`. */
  readonly notice?: string;
}
