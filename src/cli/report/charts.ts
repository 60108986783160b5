import { all, html, type Markup } from './markup.ts';
import { momentText, type TimeAxis } from './time-axis.ts';

/** Colours have one meaning on the whole page. */
export type Tone = 'clean' | 'noise' | 'suspicious' | 'malicious' | 'unknown' | 'load' | 'load-2' | 'load-3';

/** A part of something, as it is drawn and told. */
export interface Share {
  readonly tone: Tone;
  readonly label: string;
  readonly value: number;
}

/** What happened in one step; the first share stands at the bottom. */
export interface Column {
  readonly at: number;
  readonly shares: readonly Share[];
}

/** Height of the drawing of a lane, in pixels. */
const LANE_PX = 72;
/** What happened at all must be seen. */
const LEAST_PX = 2;
/** A bar against thresholds ends somewhat beyond the last: what lies further is as bad as it gets. */
const BEYOND = 1.6;
/** Of a step's width; the rest tells steps apart. */
const COLUMN_WIDTH = 0.84;

/** A whole number: `29,855`. */
export function numberText(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1.9 %`; what is not nothing reads as `< 0.1 %` and never as `0.0 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '<\u00a00.1\u00a0%';
  return `${percent.toFixed(percent >= 10 || percent === 0 ? 0 : 1)}\u00a0%`;
}

/** Columns over time. Widths are shares of whatever width there is, so that a phone shows the same as a desk. */
export function columnChart(axis: TimeAxis, columns: readonly Column[], describes: string): Markup {
  const shown = columns.filter(({ at }) => axis.holds(at));
  const highest = Math.max(1, ...shown.map(heightOf));
  return html`<svg class="columns" width="100%" height="${LANE_PX}" role="img" aria-label="${describes}">
${gridLines(axis)}
${shown.map((column) => drawn(axis, column, highest))}
<line class="base" x1="0" x2="100%" y1="${LANE_PX - 0.5}" y2="${LANE_PX - 0.5}"/>
</svg>`;
}

/** The names of the ticks, below all lanes. */
export function axisLabels(axis: TimeAxis): Markup {
  return html`<svg class="axis" width="100%" height="22" aria-hidden="true">
${axis.ticks.map(({ percent, label }) => html`<text x="${percent}%" y="15" text-anchor="${anchorOf(percent)}">${label}</text>`)}
</svg>`;
}

/** One bar of 100 %, made of shares. */
export function shareBar(shares: readonly Share[], describes: string): Markup {
  const total = shares.reduce((sum, { value }) => sum + value, 0);
  let from = 0;
  const rects = shares.map(({ tone, label, value }) => {
    const width = total === 0 ? 0 : (100 * value) / total;
    const x = from;
    from += width;
    return html`<rect class="t-${tone}" x="${x.toFixed(3)}%" width="${width.toFixed(3)}%" height="18"><title>${label}: ${numberText(value)}</title></rect>`;
  });
  return html`<svg class="share" width="100%" height="18" role="img" aria-label="${describes}">${rects}</svg>
<ul class="legend">${shares.map(legendItem)}</ul>`;
}

/** A bar against thresholds: how far, and which lines it crosses. */
export function thresholdBar(value: number, thresholds: readonly number[], tone: Tone): Markup {
  const full = Math.max(1, ...thresholds) * BEYOND;
  const place = (at: number) => `${Math.min(100, (100 * at) / full).toFixed(2)}%`;
  return html`<svg class="meter" width="100%" height="14" aria-hidden="true"><rect class="track" y="4" width="100%" height="6"/><rect class="t-${tone}" y="4" width="${place(value)}" height="6"/>${thresholds.map((at) => html`<line x1="${place(at)}" x2="${place(at)}" y1="0" y2="14"/>`)}</svg>`;
}

/** A list of bars to be compared, the longest as wide as there is room. */
export function barList(bars: readonly { readonly label: Markup; readonly shares: readonly Share[] }[]): Markup {
  const longest = Math.max(1, ...bars.map(({ shares }) => sumOf(shares)));
  return html`<ul class="bars">${bars.map(({ label, shares }) => {
    let from = 0;
    const rects = shares.map(({ tone, value, label: what }) => {
      const x = from;
      from += (100 * value) / longest;
      return html`<rect class="t-${tone}" x="${x.toFixed(2)}%" width="${((100 * value) / longest).toFixed(2)}%" height="10"><title>${what}: ${numberText(value)}</title></rect>`;
    });
    return html`<li><span class="bar-label">${label}</span><svg width="100%" height="10" aria-hidden="true">${rects}</svg><span class="bar-value">${numberText(sumOf(shares))}</span></li>`;
  })}</ul>`;
}

/** What the colours mean. */
export function legend(items: readonly { readonly tone: Tone; readonly label: string }[]): Markup {
  return html`<ul class="legend">${items.map(({ tone, label }) => html`<li><i class="t-${tone}"></i>${label}</li>`)}</ul>`;
}

function legendItem({ tone, label, value }: Share): Markup {
  return html`<li><i class="t-${tone}"></i>${label} <b>${numberText(value)}</b></li>`;
}

function gridLines(axis: TimeAxis): Markup {
  return all(
    axis.ticks.map(
      ({ percent }) => html`<line class="grid" x1="${percent}%" x2="${percent}%" y1="0" y2="${LANE_PX}"/>`,
    ),
  );
}

function drawn(axis: TimeAxis, { at, shares }: Column, highest: number): Markup {
  const x = axis.percentOf(at);
  const width = (axis.stepPercent * COLUMN_WIDTH).toFixed(3);
  const there = shares.filter(({ value }) => value > 0);
  let top = LANE_PX - 1;
  const rects = there.map(({ tone, value }) => {
    const height = Math.max(LEAST_PX, ((LANE_PX - 4) * value) / highest);
    top -= height;
    return html`<rect class="t-${tone}" x="${x}%" y="${top.toFixed(1)}" width="${width}%" height="${height.toFixed(1)}"/>`;
  });
  const told = there.map(({ label, value }) => `${numberText(value)} ${label}`).join(', ');
  return html`<g><title>${momentText(at)} UTC: ${told}</title>${rects}</g>`;
}

function heightOf({ shares }: Column): number {
  return sumOf(shares);
}

function sumOf(shares: readonly Share[]): number {
  return shares.reduce((sum, { value }) => sum + value, 0);
}

// A label at either end must not hang out.
function anchorOf(percent: number): string {
  if (percent < 4) return 'start';
  return percent > 95 ? 'end' : 'middle';
}
