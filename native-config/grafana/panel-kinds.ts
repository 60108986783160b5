import { type DataPanel, defaults, type Json, overrides, type Panel, targets } from './panel.ts';

function panel(type: string, options: DataPanel, parts: Json): Panel {
  const { id, title, description, width, height, interval } = options;
  return {
    id,
    title,
    description,
    width,
    height,
    json: { type, ...(interval === undefined ? {} : { interval }), ...parts },
  };
}

/** One number. */
export function stat(options: DataPanel): Panel {
  return panel('stat', options, {
    fieldConfig: { defaults: defaults(options), overrides: overrides(options.fields) },
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: 'auto',
    },
    targets: targets(options.sql, 'table'),
  });
}

/** Series over time: lines, or bars stacked on each other. */
export function series(options: DataPanel & { readonly isStacked?: boolean }): Panel {
  const bars = { drawStyle: 'bars', fillOpacity: 80, lineWidth: 0, stacking: { mode: 'normal', group: 'A' } };
  const lines = { drawStyle: 'line', fillOpacity: 10, lineWidth: 1, stacking: { mode: 'none', group: 'A' } };
  const custom = {
    ...(options.isStacked === true ? bars : lines),
    showPoints: 'auto',
    spanNulls: false,
    axisSoftMin: 0,
  };
  return panel('timeseries', options, {
    fieldConfig: {
      defaults: defaults(options, custom, { mode: 'palette-classic' }),
      overrides: overrides(options.fields),
    },
    options: {
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: targets(options.sql, 'time_series'),
  });
}

/** A bar for each row, named by the first column. */
export function bars(options: DataPanel & { readonly isLying?: boolean }): Panel {
  return panel('barchart', options, {
    fieldConfig: {
      defaults: defaults(options, { fillOpacity: 80, lineWidth: 0 }, { mode: 'palette-classic' }),
      overrides: overrides(options.fields),
    },
    options: {
      barWidth: 0.8,
      groupWidth: 0.8,
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
      orientation: options.isLying === true ? 'horizontal' : 'vertical',
      showValue: 'auto',
      stacking: 'normal',
      tooltip: { mode: 'multi', sort: 'none' },
    },
    targets: targets(options.sql, 'table'),
  });
}

/** Rows as they are. */
export function table(options: DataPanel): Panel {
  return panel('table', options, {
    fieldConfig: {
      defaults: defaults(options, { align: 'auto', cellOptions: { type: 'auto' }, filterable: true, inspect: false }),
      overrides: overrides(options.fields),
    },
    options: { cellHeight: 'sm', footer: { show: false, reducer: ['count'], countRows: true }, showHeader: true },
    targets: targets(options.sql, 'table'),
  });
}

/** Words for who reads the dashboard for the first time. */
export function text(options: Omit<DataPanel, 'sql' | 'unit' | 'noValue'> & { readonly markdown: string }): Panel {
  const { id, title, description, width, height, markdown } = options;
  return {
    id,
    title,
    description,
    width,
    height,
    json: { type: 'text', options: { mode: 'markdown', content: markdown } },
  };
}
