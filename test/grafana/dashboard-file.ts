import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Json = { readonly [key: string]: unknown };

const FOLDER = join(import.meta.dirname, '../../grafana');
const RULES = join(FOLDER, 'provisioning/alerting/guardian-rules.yaml');

/** A query as it stands in a file of ours. */
export interface Shipped {
  /** `hng-virus-total/7/A` of a panel, `hng-virus-total/variable/client`, `hng-virus-total/annotation/Publishes`, `alert/hng-quota`. */
  readonly name: string;
  readonly title: string;
  readonly kind: 'panel' | 'variable' | 'annotation' | 'alert';
  readonly panelType: string;
  readonly format: string;
  readonly sql: string;
  /** Shortest bucket of the panel, e.g. `1h`. */
  readonly interval: string;
}

/** The shipped dashboards by file name, parsed. */
export function dashboards(): ReadonlyMap<string, Json> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Json]));
}

/** A file below `grafana/`, as text. */
export function textOf(path: string): string {
  return readFileSync(join(FOLDER, path), 'utf8');
}

/** The alert rules of all groups. */
export function alertRules(): readonly Json[] {
  const file = parse(readFileSync(RULES, 'utf8')) as Json;
  return list(file.groups).flatMap((group) => list(group.rules));
}

/** Every query that any of our files sends to a database. */
export function shipped(): readonly Shipped[] {
  return [...[...dashboards().values()].flatMap(queriesOf), ...alertRules().map(queryOfRule)];
}

export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function queriesOf(dashboard: Json): readonly Shipped[] {
  const uid = String(dashboard.uid);
  const panels = list(dashboard.panels).flatMap((panel) =>
    list(panel.targets).map(
      (target): Shipped => ({
        name: `${uid}/${String(panel.id)}/${String(target.refId)}`,
        title: String(panel.title),
        kind: 'panel',
        panelType: String(panel.type),
        format: String(target.format),
        sql: String(target.rawSql),
        interval: String(panel.interval ?? '1m'),
      }),
    ),
  );
  const other = { panelType: '', format: 'table', interval: '1m' };
  const variables = list(object(dashboard.templating).list)
    .filter(({ type }) => type === 'query')
    .map(
      ({ name, query }): Shipped => ({
        ...other,
        name: `${uid}/variable/${String(name)}`,
        title: String(name),
        kind: 'variable',
        sql: String(query),
      }),
    );
  const annotations = list(object(dashboard.annotations).list)
    .filter(({ builtIn }) => builtIn !== 1)
    .map(
      ({ name, target }): Shipped => ({
        ...other,
        name: `${uid}/annotation/${String(name)}`,
        title: String(name),
        kind: 'annotation',
        sql: String(object(target).rawSql),
      }),
    );
  return [...panels, ...variables, ...annotations];
}

function queryOfRule(rule: Json): Shipped {
  const [query] = list(rule.data);
  const model = object(query?.model);
  return {
    name: `alert/${String(rule.uid)}`,
    title: String(rule.title),
    kind: 'alert',
    panelType: '',
    format: String(model.format),
    sql: String(model.rawSql),
    interval: '1m',
  };
}
