import { type Json, list, object, queriesOf } from './dashboard-file.ts';
import { SQL_RULES } from './sql-lint.ts';

/** A rule about a dashboard's file. */
export interface DashboardRule {
  readonly name: string;
  readonly check: (dashboard: Json) => readonly string[];
}

export interface Problem {
  readonly rule: string;
  readonly what: string;
}

const LATEST_SCHEMA = 39;
const COLUMNS = 24;
/** In every Grafana since 9, and none a plugin. */
const PANEL_TYPES = new Set(['stat', 'table', 'timeseries', 'barchart', 'text']);

const panelsOf = (dashboard: Json): readonly Json[] => list(dashboard.panels);
const dataPanels = (dashboard: Json): readonly Json[] => panelsOf(dashboard).filter(({ type }) => type !== 'text');
const variablesOf = (dashboard: Json): readonly Json[] => list(object(dashboard.templating).list);
const annotationsOf = (dashboard: Json): readonly Json[] =>
  list(object(dashboard.annotations).list).filter(({ builtIn }) => builtIn !== 1);
const defaultsOf = (panel: Json): Json => object(object(panel.fieldConfig).defaults);

function eachPanel(
  check: (panel: Json) => string | undefined,
  of = dataPanels,
): (dashboard: Json) => readonly string[] {
  return (dashboard) =>
    of(dashboard).flatMap((panel) => {
      const what = check(panel);
      return what === undefined ? [] : [`panel ${String(panel.id)} ${what}`];
    });
}

/** What every Grafana from 10 on loads, by import and by provisioning, and what a person needs who looks at it. */
export const DASHBOARD_RULES: readonly DashboardRule[] = [
  {
    name: 'classic',
    check: (one) =>
      ['apiVersion', 'kind', 'spec', 'dashboard']
        .filter((key) => key in one)
        .map((key) => `has ${key}: no classic JSON`),
  },
  {
    name: 'schema-version',
    check: ({ schemaVersion }) =>
      Number(schemaVersion) <= LATEST_SCHEMA
        ? []
        : [`schemaVersion ${String(schemaVersion)}, want ${LATEST_SCHEMA} at most`],
  },
  { name: 'id-null', check: ({ id }) => (id === null ? [] : [`id is ${String(id)}, want null`]) },
  { name: 'uid', check: ({ uid }) => (/^hng-[a-z-]{1,36}$/.test(String(uid)) ? [] : [`uid is ${String(uid)}`]) },
  { name: 'title', check: ({ title }) => (typeof title === 'string' && title !== '' ? [] : ['has no title']) },
  {
    name: 'no-inputs',
    check: (one) => [
      ...['__inputs', '__requires', '__elements'].filter((key) => key in one).map((key) => `has ${key}`),
      ...(JSON.stringify(one).includes('${DS_') ? ['refers to ${DS_...}'] : []),
    ],
  },
  {
    name: 'template-datasource',
    check: (one) => {
      const [first] = variablesOf(one);
      const isRight =
        first?.type === 'datasource' &&
        first.name === 'datasource' &&
        first.query === 'mysql' &&
        first.label === 'Data source';
      return isRight ? [] : ['the first variable is no "datasource" of MySQL with the label "Data source"'];
    },
  },
  {
    name: 'panel-datasource',
    check: (one) => {
      const places = [
        ...dataPanels(one),
        ...dataPanels(one).flatMap(({ targets }) => list(targets)),
        ...annotationsOf(one),
      ];
      const queries = variablesOf(one).filter(({ type }) => type === 'query');
      return [...places, ...queries]
        .filter(({ datasource }) => object(datasource).type !== 'mysql' || object(datasource).uid !== '${datasource}')
        .map(({ datasource }) => `a data source is ${JSON.stringify(datasource)}`);
    },
  },
  {
    name: 'uneditable',
    check: ({ editable }) => (editable === false ? [] : ['is editable: edits of a provisioned dashboard are lost']),
  },
  {
    name: 'panel-title-description',
    check: eachPanel(
      ({ title, description }) => (title && description ? undefined : 'has no title or no description'),
      panelsOf,
    ),
  },
  {
    name: 'panel-type',
    check: eachPanel(({ type }) => (PANEL_TYPES.has(String(type)) ? undefined : `is a ${String(type)}`), panelsOf),
  },
  { name: 'panel-unit', check: eachPanel((panel) => (defaultsOf(panel).unit ? undefined : 'has no unit')) },
  { name: 'panel-no-value', check: eachPanel((panel) => (defaultsOf(panel).noValue ? undefined : 'has no noValue')) },
  {
    name: 'panel-thresholds',
    check: eachPanel((panel) => {
      const steps = list(object(defaultsOf(panel).thresholds).steps);
      const values = steps.slice(1).map(({ value }) => Number(value));
      const isSorted = values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
      return steps[0]?.value === null && isSorted ? undefined : 'has no thresholds, or not in their order';
    }),
  },
  {
    name: 'panel-no-targets',
    check: eachPanel(({ targets }) => (list(targets).length > 0 ? undefined : 'asks nothing')),
  },
  {
    name: 'panel-ids',
    check: (one) => {
      const ids = panelsOf(one).map(({ id }) => id);
      return ids.every((id) => Number.isInteger(id) && Number(id) > 0) && new Set(ids).size === ids.length
        ? []
        : [`panel ids are ${ids.join()}`];
    },
  },
  { name: 'panel-grid', check: overlaps },
  {
    name: 'refresh',
    check: ({ refresh, timepicker }) =>
      [refresh, ...((object(timepicker).refresh_intervals ?? []) as unknown[])]
        .filter((text) => !/^\d+[mhd]$/.test(String(text)))
        .map((text) => `refreshes every ${String(text)}, want a minute at least`),
  },
  {
    name: 'link-hosts',
    check: (one) =>
      linksIn(one)
        .filter((link) => !isAllowed(link))
        .map(({ url }) => `links to ${String(url)}`),
  },
  {
    name: 'linked-by-tag',
    check: ({ tags, links }) => {
      const [link] = list(links);
      const isRight =
        link?.type === 'dashboards' &&
        String(link.tags) === 'hng' &&
        link.keepTime === true &&
        link.includeVars === true;
      return isRight && String(tags) === 'hng'
        ? []
        : ['is not linked with the others by the tag, keeping time and variables'];
    },
  },
  {
    name: 'variable-reload',
    check: (one) =>
      variablesOf(one)
        .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
        .map(({ name }) => `variable ${String(name)} does not follow the time picker`),
  },
  {
    name: 'variable-all',
    check: (one) =>
      variablesOf(one)
        .filter(({ includeAll, allValue }) => includeAll === true && !/^[a-z_]+$/.test(String(allValue ?? '')))
        .map(
          ({ name }) =>
            `"All" of variable ${String(name)} has no column that equals itself: without a row it would be IN ()`,
        ),
  },
];

/** Every problem of a dashboard's file and of the queries in it. */
export function lintDashboard(dashboard: Json): readonly Problem[] {
  const ofFile = DASHBOARD_RULES.flatMap(({ name, check }) => check(dashboard).map((what) => ({ rule: name, what })));
  const variables = variablesOf(dashboard);
  const context = {
    variables: new Set(variables.map(({ name }) => String(name))),
    multi: new Set(variables.filter(({ multi }) => multi === true).map(({ name }) => String(name))),
  };
  const ofQueries = queriesOf(dashboard).flatMap((query) =>
    SQL_RULES.flatMap(({ name, check }) =>
      check(query.sql, { ...query, ...context }).map((what) => ({ rule: name, what: `${query.name}: ${what}` })),
    ),
  );
  return [...ofFile, ...ofQueries];
}

function overlaps(dashboard: Json): readonly string[] {
  const taken = new Map<string, unknown>();
  const problems: string[] = [];
  for (const panel of panelsOf(dashboard)) {
    const { x, y, w, h } = object(panel.gridPos) as Record<string, number>;
    if (!(Number(w) > 0 && Number(h) > 0 && Number(x) >= 0 && Number(x) + Number(w) <= COLUMNS)) {
      problems.push(`panel ${String(panel.id)} does not stand in the grid`);
      continue;
    }
    const cells = Array.from(
      { length: Number(w) * Number(h) },
      (_, at) => `${Number(x) + (at % Number(w))},${Number(y) + Math.floor(at / Number(w))}`,
    );
    const met = cells.find((cell) => taken.has(cell));
    if (met !== undefined) problems.push(`panel ${String(panel.id)} overlaps panel ${String(taken.get(met))}`);
    for (const cell of cells) taken.set(cell, panel.id);
  }
  return problems;
}

interface Link {
  readonly url: unknown;
  /** Column the link belongs to. */
  readonly of: string;
}

function linksIn(dashboard: Json): readonly Link[] {
  return panelsOf(dashboard).flatMap((panel) => {
    const ofPanel = [...list(panel.links), ...list(defaultsOf(panel).links)].map(({ url }) => ({ url, of: '' }));
    const ofFields = list(object(panel.fieldConfig).overrides).flatMap(({ matcher, properties }) =>
      list(properties)
        .filter(({ id }) => id === 'links')
        .flatMap(({ value }) => list(value).map(({ url }) => ({ url, of: String(object(matcher).options) }))),
    );
    return [...ofPanel, ...ofFields];
  });
}

/** A cell's text as an address is allowed only where the query lets nothing but `https:` through. */
function isAllowed({ url, of }: Link): boolean {
  const text = String(url);
  return (
    text.startsWith('https://www.virustotal.com/gui/') ||
    text.startsWith('/d/hng-') ||
    (of === 'Permalink' && text === '${__value.raw}')
  );
}
