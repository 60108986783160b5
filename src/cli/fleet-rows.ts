import type { StatusDocument } from '../api/status-facts.ts';
import { agoText, countText } from './wording.ts';

/** The other sensors on the same central database, where there are any, in two rows. */
export function fleetRows({ fleet, quota }: StatusDocument, now: number): readonly (readonly [string, string])[] {
  if (fleet === undefined) return [];
  const away = `away, heard ${agoText(fleet.last_heard_at, now)} (${fleet.why ?? 'no answer'})`;
  const day = quota.find(({ window }) => window === 'day');
  const share = day === undefined ? '' : `, ${Math.floor(day.allowed / fleet.sensors)} a day each`;
  const sharing = fleet.sensors === 1 ? 'nobody else uses the key' : `${fleet.sensors} sensors share the key${share}`;
  const alone = fleet.asked_alone === 0 ? '' : `, ${fleet.asked_alone} since the start without the others`;
  const untold = fleet.words_untold === 0 ? '' : `, ${countText(fleet.words_untold, 'word')} not told yet`;
  const refused = fleet.refused === 0 ? '' : `, ${countText(fleet.refused, 'row')} not believed`;
  return [
    [
      'fleet',
      `${fleet.state === 'away' ? away : 'in reach'}; ${sharing}; asked today: ${fleet.asked_here} here, ${fleet.asked_elsewhere} elsewhere${alone}`,
    ],
    [
      'shared',
      `${countText(fleet.lookups_saved, 'lookup')} saved, ${countText(fleet.reports_taken, 'report')} taken over since the start${refused}${untold}`,
    ],
  ];
}
