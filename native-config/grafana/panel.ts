/** Any part of a dashboard's JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** The template variable that says which data source is meant, so that a dashboard works where it is imported and where it is provisioned. */
export const DATA_SOURCE = { type: 'mysql', uid: '${datasource}' } as const;

/**
 * Reports and questions of VirusTotal alone. Others stand beside them: a DNS oracle that blocks a name is one of one, which is no share of
 * engines to be averaged with 5 of 92.
 */
export const OF_VIRUSTOTAL = "source = 'virustotal'";

/** The ratio of a group by which most engines flag it: as text, 5/92 would come after 10/92. */
export const WORST_RATIO =
  "SUBSTRING_INDEX(GROUP_CONCAT(ratio ORDER BY CAST(SUBSTRING_INDEX(ratio, '/', 1) AS UNSIGNED) DESC, ratio DESC), ',', 1)";

/** The same colour means the same thing on every panel. */
export const COLOURS = {
  good: 'green',
  notice: 'yellow',
  warning: 'orange',
  bad: 'red',
  neutral: 'blue',
  unknown: 'gray',
} as const;

/** From which value on which colour; the first has no value. */
export type Steps = readonly (readonly [value: number | null, colour: string])[];

/** Good whatever the number is. */
export const PLAIN: Steps = [[null, COLOURS.neutral]];

/** A link from a panel or a cell. */
export interface DataLink {
  readonly title: string;
  /** Relative, or to VirusTotal. */
  readonly url: string;
}

/** How one column or series looks. */
export interface FieldLook {
  readonly unit?: string;
  readonly colour?: string;
  readonly steps?: Steps;
  readonly links?: readonly DataLink[];
  readonly width?: number;
  /** Cell coloured by its value. */
  readonly isColoured?: boolean;
  /** Cell drawn as a bar from 0 to 1. */
  readonly isGauge?: boolean;
  readonly texts?: Readonly<Record<string, readonly [text: string, colour: string]>>;
  readonly axis?: 'right';
}

/** A panel before it has its place. */
export interface Panel {
  /** For life: links and alert rules name it. */
  readonly id: number;
  readonly title: string;
  /** What it says, and what to make of it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly json: Json;
}

/** What every kind of panel with data has. */
export interface DataPanel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly sql: string | readonly string[];
  readonly unit: string;
  /** Shown where there is no row, or no number in it. */
  readonly noValue: string;
  readonly steps?: Steps;
  readonly fields?: Readonly<Record<string, FieldLook>>;
  readonly links?: readonly DataLink[];
  readonly decimals?: number;
  /** Shortest bucket, e.g. `1h` where the rows are hours. */
  readonly interval?: string;
}

/** Thresholds as Grafana writes them. */
export function thresholds(steps: Steps): Json {
  return { mode: 'absolute', steps: steps.map(([value, color]) => ({ color, value })) };
}

/** Queries of one panel, `A`, `B` and so on. */
export function targets(sql: string | readonly string[], format: 'table' | 'time_series'): readonly Json[] {
  const texts = typeof sql === 'string' ? [sql] : sql;
  return texts.map((rawSql, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: DATA_SOURCE,
    format,
    rawQuery: true,
    editorMode: 'code',
    rawSql: oneLine(rawSql),
  }));
}

/** A query as it is sent: the line breaks are for who reads the source. */
export function oneLine(sql: string): string {
  return sql.replace(/\s+/g, ' ').trim();
}

/** Links that open beside the dashboard where they leave Grafana. */
export function dataLinks(links: readonly DataLink[] = []): readonly Json[] {
  return links.map(({ title, url }) => ({ title, url, targetBlank: !url.startsWith('/') }));
}

/** What Grafana calls the defaults of a panel's fields. */
export function defaults(options: DataPanel, custom: Json = {}, color: Json = { mode: 'thresholds' }): Json {
  const { unit, noValue, steps = PLAIN, links, decimals } = options;
  return {
    color,
    custom,
    mappings: [],
    noValue,
    thresholds: thresholds(steps),
    unit,
    ...(decimals === undefined ? {} : { decimals }),
    ...(links === undefined ? {} : { links: dataLinks(links) }),
  };
}

/** How single columns or series differ from the defaults, by their names. */
export function overrides(fields: Readonly<Record<string, FieldLook>> = {}): readonly Json[] {
  return Object.entries(fields).map(([name, look]) => ({
    matcher: { id: 'byName', options: name },
    properties: propertiesOf(look),
  }));
}

function propertiesOf({
  unit,
  colour,
  steps,
  links,
  width,
  isColoured,
  isGauge,
  texts,
  axis,
}: FieldLook): readonly Json[] {
  const properties: [string, unknown][] = [];
  if (unit !== undefined) properties.push(['unit', unit]);
  if (colour !== undefined) properties.push(['color', { mode: 'fixed', fixedColor: colour }]);
  if (steps !== undefined) properties.push(['thresholds', thresholds(steps)]);
  if (links !== undefined) properties.push(['links', dataLinks(links)]);
  if (width !== undefined) properties.push(['custom.width', width]);
  if (isColoured === true) properties.push(['custom.cellOptions', { type: 'color-background', mode: 'basic' }]);
  if (isGauge === true)
    properties.push(['custom.cellOptions', { type: 'gauge', mode: 'basic' }], ['min', 0], ['max', 1]);
  if (texts !== undefined) properties.push(['mappings', [{ type: 'value', options: mapped(texts) }]]);
  if (axis !== undefined) properties.push(['custom.axisPlacement', axis]);
  return properties.map(([id, value]) => ({ id, value }));
}

function mapped(texts: Readonly<Record<string, readonly [text: string, colour: string]>>): Json {
  const entries = Object.entries(texts);
  return Object.fromEntries(entries.map(([value, [text, color]], index) => [value, { text, color, index }]));
}
