import type { StatusDocument } from '../api/status-facts.ts';
import { agoText, countText, spanText } from './wording.ts';

/** The central database, where one is configured, in two rows at most. */
export function centralRows({ central }: StatusDocument, now: number): readonly (readonly [string, string])[] {
  if (central === undefined) return [];
  const behind = central.lag_ms === undefined ? 'never up to date' : `${spanText(central.lag_ms)} behind`;
  const retry = central.retry_at === undefined ? '' : `, tried again ${agoText(central.retry_at, now)}`;
  const why = central.why === undefined ? '' : `: ${central.why}`;
  const thinned = central.thinned === 0 ? '' : `, ${countText(central.thinned, 'old sighting')} given up`;
  const [latest] = central.refused;
  const waiting = `${central.state.replace('_', ' ')}, ${central.where}, ${behind}, ${countText(central.outbox_rows, 'row')} to send${thinned}${retry}${why}`;
  if (latest === undefined) return [['central', waiting]];
  return [
    ['central', waiting],
    ['central refused', `${countText(central.set_aside, 'row')}, the latest of ${latest.relation}: ${latest.error}`],
  ];
}
