import type { PiholeFacts, TargetFacts, WarningFacts } from '../api/status-facts.ts';
import type { PiholeReading } from '../enforce/pihole/pihole-poll.ts';

/** What status says of the Pi-hole's figures. What the target says of it already is not said again. */
export function piholeFacts(reading: PiholeReading, targets: readonly TargetFacts[]): PiholeFacts {
  const { figures, readAt, problem, missedQueries } = reading;
  const said = targets.some(({ name, notice }) => name === 'pihole' && sameProblem(notice, problem));
  const { pid: _pid, blocking, ...rest } = figures ?? {};
  return {
    state: problem !== undefined ? 'unread' : figures === undefined ? 'waiting' : 'read',
    ...(problem === undefined ? {} : { problem: said ? 'its target says why' : problem }),
    ...(readAt === undefined ? {} : { readAt }),
    ...(figures === undefined
      ? {}
      : {
          figures: {
            ...(blocking === undefined ? {} : { blocking }),
            ...(rest as Omit<typeof figures, 'pid' | 'blocking'>),
          },
        }),
    missedQueries,
  };
}

/** What a Pi-hole lets through although it should not. */
export function piholeWarnings(reading: PiholeReading | undefined): readonly WarningFacts[] {
  const { figures } = reading ?? {};
  const warnings: WarningFacts[] = [];
  if (figures?.blocking === false) {
    warnings.push({
      code: 'pihole_off',
      text: 'Pi-hole blocks nothing: its blocking is switched off.',
      hint: 'Switch it on in its web page ("Enable Blocking").',
    });
  }
  if (figures !== undefined && figures.unchecked > 0) {
    warnings.push({
      code: 'pihole_busy',
      text: `Pi-hole answered ${figures.unchecked} queries in 24 hours without looking at its lists: its database was busy.`,
      hint: 'Look at /var/log/pihole/FTL.log; gravity or a tool that writes into gravity.db holds it.',
    });
  }
  return warnings;
}

// The first sentence: what to do, and until when, is put differently.
function sameProblem(notice: string | undefined, problem: string | undefined): boolean {
  const [first = ''] = (problem ?? '').split('. ', 1);
  return first !== '' && notice?.startsWith(first) === true;
}
