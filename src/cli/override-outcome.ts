import type { DocumentOf } from '../api/document.ts';
import type { OverrideOutcomeDocument, TargetOutcomeFacts } from '../api/publish-document.ts';
import { FailedCommand } from './failure.ts';
import type { Printer } from './printer.ts';
import { countText } from './wording.ts';

/** What came of one target. */
export type TargetOutcomeDocument = DocumentOf<TargetOutcomeFacts>;

/**
 * Prints what came of an operator's word: what it stands against, what it changed, and how each target took it.
 * @throws FailedCommand when a target failed: the word is kept, and is not in force everywhere.
 */
export function printOverrideOutcome(said: string, outcome: OverrideOutcomeDocument, printer: Printer): void {
  printer.line(said);
  for (const conflict of outcome.conflicts) printer.paragraph(`But: ${conflict}`);
  if (outcome.affected.length > 0) {
    printer.table(
      ['observable', 'state', 'blocked before', 'blocked now', 'why not as said'],
      outcome.affected.map((one) => [
        one.observable,
        one.state.replace('_', ' '),
        yesNo(one.blocked_before),
        yesNo(one.blocked),
        one.conflict ?? '',
      ]),
    );
  }
  printTargets(outcome.targets, printer);
  if (outcome.targets.some(isFailed)) throw new FailedCommand();
}

/** Prints a row for each target. */
export function printTargets(targets: readonly TargetOutcomeDocument[], printer: Printer): void {
  if (targets.length === 0) {
    printer.line('No target is configured.');
    return;
  }
  printer.table(
    ['target', 'added', 'removed', 'published', 'proved', 'failed', 'notice'],
    targets.map((one) => [
      one.target,
      String(one.added.length),
      String(one.removed.length),
      String(one.published),
      String(one.proved),
      String(one.failed.length),
      noticeOf(one),
    ]),
  );
}

/** Whether something that is wanted at a target is not in place. */
export function isFailed(target: TargetOutcomeDocument): boolean {
  return target.error !== undefined || target.failed.length > 0;
}

function noticeOf({ error, failed, notice }: TargetOutcomeDocument): string {
  const first = failed[0];
  const more = failed.length > 1 ? ` (and ${countText(failed.length - 1, 'other')})` : '';
  const failure = first === undefined ? undefined : `${first.observable}: ${first.error}${more}`;
  return [error, failure, notice].filter((text) => text !== undefined).join('; ');
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
