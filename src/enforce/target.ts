import type { DesiredState, Indicator } from '../core/indicator.ts';
import type { Observable, ObservableKey } from '../core/observable.ts';

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
  /**
   * Puts single indicators in force at once, ahead of the drive that follows and also while one is under way, which leaves them in
   * place. Resolves with those that are proved; whatever else is to be said, the drive says. Never called concurrently with itself.
   * Absent where a drive is quick enough.
   * @throws UnavailableError as `drive` does.
   */
  hasten?(indicators: readonly Indicator[], signal: AbortSignal): Promise<ReadonlySet<ObservableKey>>;
  /** What `drive` would change, without changing it. */
  preview(
    desired: DesiredState,
  ): Promise<{ readonly add: readonly ObservableKey[]; readonly remove: readonly ObservableKey[] }>;
  /**
   * Asks the target itself, not our record of it, whether it holds an observable of ours. Absent where it cannot be asked about one.
   * @throws UnavailableError when it does not answer.
   */
  holds?(observable: Observable, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether something happened at the target since the last drive that a drive should see to: a restart, a reload by somebody else.
   * Cheap, asked every few seconds, and begun only while no drive is under way. Absent: only drives find out.
   */
  watch?(signal: AbortSignal): Promise<boolean>;
}

/** What came of one drive. */
export interface DriveOutcome {
  /** Indicators this target cannot hold (a URL in a list of domains). They count as neither published nor failed. */
  readonly unsupported: ReadonlySet<ObservableKey>;
  /** Indicators that are wanted and not in place, with the reason. */
  readonly failed: ReadonlyMap<ObservableKey, string>;
  /**
   * Indicators left out on purpose, with the reason: a person at the target wants otherwise, or it must not or cannot hold them. Told as
   * failures are, but nothing is tried again, and the rest is proved without them.
   */
  readonly declined?: ReadonlyMap<ObservableKey, string>;
  /** Indicators in place, and whether the target, asked back, confirmed it. In place but unproved is a state of its own. */
  readonly proved: boolean;
  /** False where nobody can be asked by configuration: nothing is tried again for want of a proof. */
  readonly provable?: false;
  readonly added: number;
  readonly removed: number;
  /** What a person should know or do although the drive went through: `no command socket, so proof waits for Suricata`. */
  readonly notice?: string;
}
