import type { HuntDocument } from '../api/hunt.ts';
import { countText, timeText } from './wording.ts';

type Quarry = HuntDocument['observables'][number];

/** One device that used one observable. */
export interface Trace {
  readonly observable: string;
  readonly state: string;
  readonly device: string;
  /** Absent where only the finding is left of it. */
  readonly vias?: readonly string[];
  readonly days?: number;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  /** When the observable turned bad after this device had used it. */
  readonly found?: string;
  /** Where it was seen, if not here. */
  readonly sensor?: string;
}

/** The columns of `fieldsOf`. */
export const COLUMNS = [
  'observable',
  'state',
  'device',
  'via',
  'count',
  'days',
  'first',
  'last',
  'turned bad',
] as const;

/** Every device that used an observable: by what is still kept of it, else by what was found when it turned bad. */
export function tracesOf({ observable, state, clients, findings, elsewhere = [] }: Quarry): readonly Trace[] {
  const found = new Map(findings.map((one) => [one.client, one.found_at]));
  const of = { observable, state: state.replace('_', ' ') };
  const kept = clients.map((one): Trace => {
    const foundAt = found.get(one.client);
    return {
      ...of,
      device: nameOf(one.client),
      vias: one.vias,
      days: one.days,
      count: one.count,
      first: one.first_seen_at,
      last: one.last_seen_at,
      ...(foundAt === undefined ? {} : { found: foundAt }),
    };
  });
  const known = new Set(clients.map(({ client }) => client));
  const past = findings
    .filter(({ client }) => !known.has(client))
    .map(
      (one): Trace => ({
        ...of,
        device: nameOf(one.client),
        count: one.count,
        first: one.first_seen_at,
        last: one.last_seen_at,
        found: one.found_at,
      }),
    );
  const others = elsewhere.map(
    ({ sensor, client, vias, days, count, first_seen_at: first, last_seen_at: last }): Trace => ({
      ...of,
      device: nameOf(client),
      ...{ vias, days, count, first, last, sensor },
    }),
  );
  return [...kept, ...past, ...others];
}

/** A trace as fields for a script. */
export function fieldsOf(trace: Trace): readonly string[] {
  const { observable, state, device, vias, count, days, first, last, found } = trace;
  const via = vias === undefined ? '-' : vias.join(' ');
  return [
    observable,
    state,
    device,
    via,
    String(count),
    String(days ?? '-'),
    timeText(first),
    timeText(last),
    timeText(found),
  ];
}

/** A trace as cells for a person, few and wide enough to be read in 80 columns. */
export function cellsOf({
  observable,
  state,
  device,
  vias,
  count,
  first,
  last,
  found,
  sensor,
}: Trace): readonly string[] {
  const how = vias === undefined ? '' : ` by ${vias.join(', ')}`;
  const used = `${countText(count, 'time')}${how}, ${timeText(first)} to ${timeText(last)}`;
  const where = sensor === undefined ? device : `${device} at ${sensor}`;
  return [`${observable} (${state})`, where, used, timeText(found)];
}

function nameOf(client: string): string {
  return client === '' ? '(not named)' : client;
}
