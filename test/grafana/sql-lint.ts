import { lengthOf } from './macros.ts';

/** A rule about a query, and what breaks it: an answer for each problem. */
export interface SqlRule {
  readonly name: string;
  readonly check: (sql: string, about: SqlContext) => readonly string[];
}

export interface SqlContext {
  readonly kind: 'panel' | 'variable' | 'annotation' | 'alert';
  readonly format: string;
  /** Shortest bucket of the panel. */
  readonly interval: string;
  /** Variables of the dashboard, and those among them that may hold several values. */
  readonly variables: ReadonlySet<string>;
  readonly multi: ReadonlySet<string>;
}

const KNOWN_MACROS =
  /^__(time|timeEpoch|timeFilter|timeFrom|timeTo|timeGroup|timeGroupAlias|unixEpochFilter|unixEpochGroup|unixEpochGroupAlias)$/;
const GROUPS = /^__(timeGroup|timeGroupAlias|unixEpochGroup|unixEpochGroupAlias)$/;
/** What Grafana itself puts in. */
const BUILT_IN = new Set(['__interval', '__interval_ms']);

interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly text: string;
}

/** Calls as Grafana sees them: arguments end at the first closing bracket, whatever was opened before. */
function calls(sql: string): readonly Call[] {
  return [...sql.matchAll(/\$(\w+)\(([^)]*)\)/g)].map(([text, name = '', inside = '']) => ({
    name,
    text,
    args: inside.split(',').map((one) => one.trim()),
  }));
}

function found(sql: string, pattern: RegExp, what: string): readonly string[] {
  return [...sql.matchAll(pattern)].map(([text]) => `${what}: ${text.trim()}`);
}

/** Texts in quotes hold no names of tables and no brackets that count. */
const withoutTexts = (sql: string): string => sql.replace(/'(?:[^']|'')*'/g, "''");

/** Everything that is known to go wrong between a query and a picture. */
export const SQL_RULES: readonly SqlRule[] = [
  {
    name: 'macro-known',
    check: (sql) =>
      calls(sql)
        .filter(({ name }) => !KNOWN_MACROS.test(name))
        .map(({ text }) => `unknown macro ${text}`),
  },
  {
    name: 'macro-bare-column',
    check: (sql) =>
      calls(sql)
        .filter(({ name, args }) => !/^__time(From|To)$/.test(name) && !/^[\w.`]+$/.test(args[0] ?? ''))
        .map(({ text }) => `want a bare column in ${text}`),
  },
  {
    name: 'macro-interval',
    check: (sql) =>
      calls(sql)
        .filter(({ name, args }) => GROUPS.test(name) && !isInterval(args[1]))
        .map(({ text }) => `want $__interval or a whole length in ${text}`),
  },
  {
    name: 'macro-fill',
    check: (sql) =>
      calls(sql)
        .filter(
          ({ name, args }) =>
            GROUPS.test(name) && args.length > 2 && !/^(NULL|previous|-?\d+(\.\d+)?)$/.test(args[2] ?? ''),
        )
        .map(({ text }) => `want NULL, previous or a number to fill with in ${text}`),
  },
  { name: 'no-comment', check: (sql) => found(sql, /--|#|\/\*/g, 'a comment') },
  {
    name: 'one-select',
    check: (sql) => (/^SELECT\s/.test(sql) && !sql.includes(';') ? [] : ['want one SELECT and no ";"']),
  },
  {
    name: 'no-forbidden-function',
    check: (sql) =>
      found(sql, /\b(?:(?:session_|system_)?user\s*\(|current_user\b|show\s+grants)/gi, 'Grafana refuses'),
  },
  {
    name: 'portable',
    check: (sql) =>
      found(
        sql,
        /->|JSON_TABLE|utf8mb4_0900\w*|\bseq_\d|\bFULL\s+(?:OUTER\s+)?JOIN|CONVERT_TZ/gi,
        'not in both MySQL and MariaDB',
      ),
  },
  {
    name: 'views-only',
    check: (sql) =>
      found(withoutTexts(sql), /\b(?:FROM|JOIN)\s+(?!\(|panel_)[\w.`]+/g, 'reads what is no view of ours'),
  },
  {
    name: 'group-by-number',
    check: (sql) =>
      found(sql, /GROUP BY [^)]*?(?:"time"|`time`|\btime\b)/gi, 'binds to a text or to a column, want GROUP BY 1'),
  },
  {
    name: 'series-time-first',
    check: (sql, { format }) =>
      format !== 'time_series' || /^SELECT \$__timeGroupAlias\(/.test(sql)
        ? []
        : ['a series begins with $__timeGroupAlias'],
  },
  {
    name: 'series-sorted',
    check: (sql, { format }) =>
      format !== 'time_series' || / ORDER BY 1$/.test(sql) ? [] : ['a series ends with ORDER BY 1'],
  },
  {
    name: 'bucket-not-finer-than-rows',
    check: (sql, { interval }) => {
      const [call] = calls(sql).filter(({ name }) => GROUPS.test(name));
      const rows = call?.args[0] === 'hour' ? '1h' : '1m';
      return call === undefined || lengthOf(interval) >= lengthOf(rows)
        ? []
        : [`want an interval of ${rows} at least for ${call.text}`];
    },
  },
  {
    name: 'annotation-columns',
    check: (sql, { kind }) =>
      kind !== 'annotation' || (/ AS time,/.test(sql) && / AS text,/.test(sql))
        ? []
        : ['an annotation gives time and text'],
  },
  {
    name: 'variable-known',
    check: (sql, { variables }) =>
      variablesIn(sql)
        .filter((name) => !variables.has(name) && !BUILT_IN.has(name))
        .map((name) => `there is no variable ${name}`),
  },
  {
    name: 'variable-unquoted',
    check: (sql) => found(sql, /['"`]\s*\$\{?(?!__)\w+(?::\w+)?\}?\s*['"`]/g, 'own quotes around a variable'),
  },
  {
    name: 'variable-many',
    check: (sql, { multi }) =>
      [...multi].flatMap((name) => {
        const right = sql.split(`IN (\${${name}:sqlstring})`).length;
        const all = sql.match(new RegExp(`\\$\\{?${name}\\b`, 'g'))?.length ?? 0;
        return all === right - 1 ? [] : [`want IN (\${${name}:sqlstring})`];
      }),
  },
  {
    name: 'clock-bounded',
    check: (sql) => [
      ...[...sql.matchAll(/([\w.]+) > UTC_TIMESTAMP\(\) - INTERVAL/g)]
        .filter(([, column = '']) => !isBounded(sql, column))
        .map(([, column = '']) => `${column} may lie years ahead, want a bound above`),
      ...found(sql, /(?<!GREATEST\(|ABS\()TIMESTAMPDIFF\(/g, 'an age may be negative'),
    ],
  },
  {
    name: 'alert-plain',
    check: (sql, { kind }) =>
      kind === 'alert' && sql.includes('$') ? ['an alert rule has no variables, and $ is risky in its file'] : [],
  },
  {
    name: 'alert-table',
    check: (_, { kind, format }) =>
      kind === 'alert' && format !== 'table' ? ['an alert takes labels from a table only'] : [],
  },
];

/** `heartbeat` alone is written by the database's own clock. */
function isBounded(sql: string, column: string): boolean {
  return column === 'heartbeat' || new RegExp(`\\b${column} <= UTC_TIMESTAMP\\(\\) [-+] INTERVAL`).test(sql);
}

function isInterval(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (text === '$__interval') return true;
  try {
    return lengthOf(text) >= 60_000;
  } catch {
    return false;
  }
}

function variablesIn(sql: string): readonly string[] {
  return [...sql.matchAll(/\$\{?(\w+)(?::\w+)?\}?(\()?/g)]
    .filter(([, , open]) => open === undefined)
    .map(([, name = '']) => name);
}
