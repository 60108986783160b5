/**
 * What Grafana makes of a query before it is sent, as far as its public documentation says
 * (https://grafana.com/docs/grafana/latest/datasources/mysql/ "Macros", and "Variable syntax" for the formats).
 */
export interface Moment {
  /** Epoch milliseconds of the time picker. */
  readonly from: number;
  readonly to: number;
  /** Length of a bucket: what `$__interval` stands for. */
  readonly intervalMs: number;
  /** Chosen values by variable. A string that is no list is a single choice, or the custom value of "All", which is put in as it is. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** The query as the database gets it. @throws Error where Grafana would refuse it. */
export function expand(sql: string, moment: Moment): string {
  const filled = withVariables(sql, moment);
  const timed = filled
    .replaceAll('$__interval_ms', String(moment.intervalMs))
    .replaceAll('$__interval', intervalText(moment.intervalMs));
  return timed.replace(/\$(__\w+)\(([^)]*)\)/g, (_, name: string, text: string) => {
    const macro = MACROS[name];
    if (macro === undefined) throw new Error(`There is no macro $${name}`);
    return macro(
      text.split(',').map((one) => one.trim()),
      moment,
    );
  });
}

/** As people write it: the largest unit that divides it. */
export function intervalText(ms: number): string {
  const seconds = ms / 1000;
  for (const unit of ['d', 'h', 'm'] as const) {
    const length = UNITS[unit] ?? 1;
    if (seconds % length === 0) return `${seconds / length}${unit}`;
  }
  return `${seconds}s`;
}

/** The bucket Grafana would choose for a graph as wide as `points`: a round length, never below `leastMs`. */
export function intervalFor(rangeMs: number, points: number, leastMs: number): number {
  const rounds = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map((s) => s * 1000);
  return Math.max(leastMs, rounds.find((ms) => ms >= rangeMs / points) ?? 604_800_000);
}

/** Milliseconds of `10m`. */
export function lengthOf(text: string): number {
  const [, count = '', unit = ''] = /^'?(\d+)([smhdw])'?$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (!(seconds > 0)) throw new Error(`${text} is no length of time`);
  return seconds * 1000;
}

type Macro = (args: readonly string[], moment: Moment) => string;

const seconds = (ms: number): number => Math.floor(ms / 1000);

function group([column = '', interval, fill]: readonly string[]): string {
  if (column === '' || interval === undefined) throw new Error('A time group needs a column and an interval');
  if (fill !== undefined && fill !== 'NULL' && fill !== 'previous' && Number.isNaN(Number(fill)))
    throw new Error(`A time group cannot be filled with ${fill}`);
  const length = lengthOf(interval) / 1000;
  return `UNIX_TIMESTAMP(${column}) DIV ${length} * ${length}`;
}

function needColumn([column = '']: readonly string[]): string {
  if (column === '') throw new Error('A macro has no column');
  return column;
}

const MACROS: Readonly<Record<string, Macro>> = {
  __time: (args) => `UNIX_TIMESTAMP(${needColumn(args)}) as time_sec`,
  __timeEpoch: (args) => `UNIX_TIMESTAMP(${needColumn(args)}) as time_sec`,
  __timeFilter: (args, { from, to }) =>
    `${needColumn(args)} BETWEEN FROM_UNIXTIME(${seconds(from)}) AND FROM_UNIXTIME(${seconds(to)})`,
  __timeFrom: (_, { from }) => `FROM_UNIXTIME(${seconds(from)})`,
  __timeTo: (_, { to }) => `FROM_UNIXTIME(${seconds(to)})`,
  __timeGroup: group,
  __timeGroupAlias: (args) => `${group(args)} AS "time"`,
  __unixEpochFilter: (args, { from, to }) =>
    `${needColumn(args)} >= ${seconds(from)} AND ${needColumn(args)} <= ${seconds(to)}`,
  __unixEpochGroup: ([column = '', interval = '']) => {
    const length = lengthOf(interval) / 1000;
    return `${column} DIV ${length} * ${length}`;
  },
};

function withVariables(sql: string, { variables }: Moment): string {
  return sql.replace(/\$\{(\w+)(?::(\w+))?\}|\$(?!__)(\w+)/g, (_, braced?: string, format?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    const value = variables[name];
    if (value === undefined) throw new Error(`There is no variable ${name}`);
    return formatted(value, format);
  });
}

function formatted(value: string | readonly string[], format: string | undefined): string {
  const quote = (text: string) => `'${text.replaceAll("'", "''").replaceAll('"', '\\"')}'`;
  if (format === 'sqlstring') return typeof value === 'string' ? value : value.map(quote).join(',');
  if (format !== undefined && format !== 'raw' && format !== 'csv') throw new Error(`There is no format ${format}`);
  return typeof value === 'string' ? value : value.join(',');
}
