import { DATA_SOURCE, type Json, oneLine, type Panel, targets } from './panel.ts';

/** Dashboards of ours carry it, and link to each other by it. */
const TAG = 'hng';
/** Grafana migrates upwards when it loads: 39 is understood from version 10 on. */
const SCHEMA_VERSION = 39;
const COLUMNS = 24;

/** A thing that happened, drawn into every graph. */
export interface Annotation {
  readonly name: string;
  readonly colour: string;
  readonly sql: string;
}

export interface Dashboard {
  /** For life: links, alert rules and bookmarks name it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Json[];
  readonly annotations: readonly Annotation[];
  /** In reading order; each takes the next free place of its row. */
  readonly panels: readonly Panel[];
}

/** The file that Grafana imports. */
export function renderDashboard({ uid, title, description, variables, annotations, panels }: Dashboard): string {
  const json = {
    annotations: { list: [BUILT_IN, ...annotations.map(annotation)] },
    description,
    editable: false,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    id: null,
    links: [OTHERS],
    panels: placed(panels),
    refresh: '5m',
    schemaVersion: SCHEMA_VERSION,
    tags: [TAG],
    templating: { list: [DATA_SOURCE_VARIABLE, ...variables] },
    time: { from: 'now-7d', to: 'now' },
    timepicker: { refresh_intervals: ['1m', '5m', '15m', '1h'] },
    timezone: 'browser',
    title,
    uid,
    version: 1,
    weekStart: '',
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Several values of a column, or all: `all` is the column itself, which equals itself whatever is in the table. */
export function queryVariable(name: string, label: string, sql: string): Json {
  return {
    type: 'query',
    name,
    label,
    datasource: DATA_SOURCE,
    definition: oneLine(sql),
    query: oneLine(sql),
    refresh: 2,
    regex: '',
    sort: 0,
    multi: true,
    includeAll: true,
    allValue: name,
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: 0,
    options: [],
    skipUrlSync: false,
  };
}

/** A choice between numbers. */
export function numberVariable(name: string, label: string, values: readonly number[], chosen: number): Json {
  const option = (value: number) => ({ selected: value === chosen, text: String(value), value: String(value) });
  return {
    type: 'custom',
    name,
    label,
    query: values.join(','),
    current: option(chosen),
    options: values.map(option),
    multi: false,
    includeAll: false,
    hide: 0,
    skipUrlSync: false,
  };
}

/** Several of a fixed list, or all. */
export function choiceVariable(name: string, label: string, values: readonly string[]): Json {
  const all = { selected: true, text: 'All', value: '$__all' };
  return {
    type: 'custom',
    name,
    label,
    query: values.join(','),
    current: { selected: true, text: ['All'], value: ['$__all'] },
    options: [all, ...values.map((value) => ({ selected: false, text: value, value }))],
    multi: true,
    includeAll: true,
    allValue: name,
    hide: 0,
    skipUrlSync: false,
  };
}

/** A field to write into. */
export function textVariable(name: string, label: string): Json {
  const empty = { selected: true, text: '', value: '' };
  return { type: 'textbox', name, label, query: '', current: empty, options: [empty], hide: 0, skipUrlSync: false };
}

const DATA_SOURCE_VARIABLE: Json = {
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  query: 'mysql',
  refresh: 1,
  regex: '',
  multi: false,
  includeAll: false,
  current: {},
  hide: 0,
  options: [],
  skipUrlSync: false,
};

const BUILT_IN: Json = {
  builtIn: 1,
  datasource: { type: 'grafana', uid: '-- Grafana --' },
  enable: true,
  hide: true,
  iconColor: 'rgba(0, 211, 255, 1)',
  name: 'Annotations & Alerts',
  type: 'dashboard',
};

const OTHERS: Json = {
  type: 'dashboards',
  title: 'Home Network Guardian',
  tags: [TAG],
  asDropdown: true,
  icon: 'external link',
  includeVars: true,
  keepTime: true,
  targetBlank: false,
  tooltip: '',
  url: '',
};

function annotation({ name, colour, sql }: Annotation): Json {
  const [target] = targets(sql, 'table');
  return {
    name,
    datasource: DATA_SOURCE,
    enable: true,
    hide: false,
    iconColor: colour,
    target: { ...target, refId: 'Anno' },
  };
}

function placed(panels: readonly Panel[]): readonly Json[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map(({ id, title, description, width, height, json }) => {
    if (x + width > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { h: height, w: width, x, y };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    const isText = json.type === 'text';
    return { id, title, description, gridPos, ...(isText ? {} : { datasource: DATA_SOURCE }), ...json };
  });
}
