import { stringify } from 'yaml';
import { type Json, oneLine } from './panel.ts';

/** Something that is looked at every minute, and an alert where its number is beyond a bound. */
export interface Watch {
  /** For life: Grafana tells rules apart by it. */
  readonly uid: string;
  readonly title: string;
  readonly sql: string;
  readonly above?: number;
  readonly outside?: readonly [number, number];
  readonly for: string;
  readonly keepFiringFor?: string;
  readonly noData?: 'OK' | 'Alerting';
  /** What a query that fails means; one rule tells of it, so that not all do. */
  readonly execError?: 'OK' | 'Error';
  readonly severity: 'info' | 'warning' | 'critical';
  /** `{{ .Labels.x }}` and not `$labels`: Grafana takes a `$` in this file for a variable of its environment. */
  readonly summary: string;
  readonly dashboardUid: string;
  readonly panelId: number;
}

/** Where an alert about the network leads. */
export const NETWORK = { dashboardUid: 'hng-network-overview' } as const;
/** Where an alert about the sidecar leads. */
export const SIDECAR = { dashboardUid: 'hng-sidecar-health' } as const;

/** The `uid` of the provisioned data source: an alert rule has no variables. */
const DATA_SOURCE_UID = 'hng-mysql';
/** Expressions are a data source of this name. */
const EXPRESSION_UID = '__expr__';
/** Rules spell out their periods; Grafana wants one nevertheless. */
const RANGE_S = 3600;
const MISSING_EVALUATIONS = 2;

const HEAD = `# Alert rules on the data source "hng-mysql". Made by "npm run generate". No policy and no contact point: yours decide by the labels.
`;

/** The file that Grafana provisions alert rules from. */
export function renderAlertRules(rules: readonly Watch[]): string {
  const group = {
    orgId: 1,
    name: 'home-network-guardian',
    folder: 'Home Network Guardian',
    interval: '1m',
    rules: rules.map(ruleOf),
  };
  return HEAD + stringify({ apiVersion: 1, groups: [group] }, { lineWidth: 0 });
}

function ruleOf(watch: Watch): Json {
  const {
    uid,
    title,
    dashboardUid,
    panelId,
    noData = 'OK',
    execError = 'OK',
    keepFiringFor,
    severity,
    summary,
  } = watch;
  return {
    uid,
    title,
    condition: 'B',
    data: [queryOf(watch), conditionOf(watch)],
    dashboardUid,
    panelId,
    noDataState: noData,
    execErrState: execError,
    for: watch.for,
    ...(keepFiringFor === undefined ? {} : { keepFiringFor }),
    missing_series_evals_to_resolve: MISSING_EVALUATIONS,
    annotations: { summary },
    labels: { service: 'guardian', severity },
    isPaused: false,
  };
}

function queryOf({ sql }: Watch): Json {
  return {
    refId: 'A',
    relativeTimeRange: { from: RANGE_S, to: 0 },
    datasourceUid: DATA_SOURCE_UID,
    model: {
      refId: 'A',
      datasource: { type: 'mysql', uid: DATA_SOURCE_UID },
      format: 'table',
      rawQuery: true,
      editorMode: 'code',
      rawSql: oneLine(sql),
      intervalMs: 60_000,
      maxDataPoints: 43_200,
    },
  };
}

function conditionOf({ above, outside }: Watch): Json {
  const evaluator =
    outside === undefined ? { type: 'gt', params: [above] } : { type: 'outside_range', params: outside };
  return {
    refId: 'B',
    relativeTimeRange: { from: RANGE_S, to: 0 },
    datasourceUid: EXPRESSION_UID,
    model: {
      refId: 'B',
      datasource: { type: EXPRESSION_UID, uid: EXPRESSION_UID },
      type: 'threshold',
      expression: 'A',
      conditions: [{ evaluator }],
      intervalMs: 1000,
      maxDataPoints: 43_200,
    },
  };
}
