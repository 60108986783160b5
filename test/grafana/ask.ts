import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2';
import { type Connection, createConnection, type FieldPacket, type RowDataPacket } from 'mysql2/promise';
import { MARIADB_USER, type Mariadb } from '../support/mariadb.ts';
import type { Shipped } from './dashboard-file.ts';
import { expand, type Moment } from './macros.ts';
import type { Cell } from './tally.ts';
import { NOW } from './world.ts';

const GRANTS = join(import.meta.dirname, '../../native-config/mysql/grafana.sql');
/** What MySQL 8 has by default, and what is stricter than MariaDB's own default. */
const SQL_MODE =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

const { Types } = mysql;
const NUMBERS = new Set<number>([
  Types.TINY,
  Types.SHORT,
  Types.LONG,
  Types.INT24,
  Types.LONGLONG,
  Types.FLOAT,
  Types.DOUBLE,
  Types.DECIMAL,
  Types.NEWDECIMAL,
]);
const DATES = new Set<number>([Types.DATETIME, Types.TIMESTAMP, Types.DATE]);

export interface Answer {
  readonly columns: readonly string[];
  /** `n` a number, `d` a date, `t` a text. */
  readonly kinds: string;
  readonly rows: readonly (readonly Cell[])[];
}

/** The statements of the file we ship for Grafana's user. */
export function grants(): readonly string[] {
  return readFileSync(GRANTS, 'utf8')
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** A session as Grafana opens one with our data source, at the moment that tests call now. */
export async function asGrafana(server: Mariadb, now = NOW): Promise<Connection> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'grafana',
    password: 'change-me-3',
    database: MARIADB_USER.database,
    dateStrings: true,
    supportBigNumbers: true,
    charset: 'utf8mb4_unicode_ci',
  });
  await connection.query(`SET time_zone = '+00:00', sql_mode = '${SQL_MODE}', timestamp = ${now / 1000}`);
  return connection;
}

/** Asks what a panel asks. @throws where Grafana or the database would refuse it, and where two columns share a name. */
export async function ask(
  connection: Connection,
  { name, sql }: Pick<Shipped, 'name' | 'sql'>,
  moment: Moment,
): Promise<Answer> {
  const text = expand(sql, moment);
  const [rows, fields] = await connection
    .query<RowDataPacket[][]>({ sql: text, rowsAsArray: true })
    .catch((error: unknown) => {
      throw new Error(`${name}: ${String(error)}\n${text}`);
    });
  const columns = fields.map((field) => field.name);
  if (new Set(columns).size !== columns.length) throw new Error(`${name} has a column twice: ${columns.join()}`);
  const kinds = fields.map(kindOf).join('');
  return { columns, kinds, rows: rows.map((row) => row.map((cell, at) => cellOf(cell, kinds[at] ?? 't'))) };
}

function kindOf({ columnType, type }: FieldPacket): string {
  const code = columnType ?? type ?? -1;
  return NUMBERS.has(code) ? 'n' : DATES.has(code) ? 'd' : 't';
}

function cellOf(cell: unknown, kind: string): Cell {
  if (cell === null || cell === undefined) return null;
  return kind === 'n' ? Number(cell) : String(cell);
}
