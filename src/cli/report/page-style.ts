/**
 * The style of the page. Green, orange and red mean clean, suspicious and malicious, and nothing else is coloured so. Every colour of
 * text has a contrast of at least 4.5 to its ground in both schemes (WCAG 2.2, 1.4.3); a test measures it.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #faf9f5; --ink: #1d2126; --soft: #575d66; --rule: #d9d6cc; --grid: #e7e4da; --track: #e3e0d6; --link: #1b5a8c;
  --clean: #2f7f55; --noise: #8a8f80; --suspicious: #ad5b00; --malicious: #bb2a23; --unknown: #b9b6ab;
  --load: #5d7f9e; --load-2: #22384d; --load-3: #b3c6d8;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, Charter, "Bitstream Charter", Georgia, "DejaVu Serif", serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --ink: #e8e6e0; --soft: #a3a8ad; --rule: #343a40; --grid: #262b30; --track: #2b3136; --link: #8abbe6;
    --clean: #5cb987; --noise: #7f857a; --suspicious: #f0a14d; --malicious: #ff7b70; --unknown: #565c61;
    --load: #7fa3c4; --load-2: #dbe8f4; --load-3: #41586d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 2rem 4rem; max-width: 75rem; background: var(--paper); color: var(--ink);
  font: 400 0.9375rem/1.5 var(--sans); font-variant-numeric: tabular-nums lining-nums; overflow-wrap: anywhere;
}
a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1, h2, p, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
.name { font-family: var(--mono); font-size: 0.875em; unicode-bidi: isolate; }
.kicker { color: var(--soft); font-size: 0.8125rem; letter-spacing: 0.04em; }
.kicker b { color: var(--ink); font-weight: 600; }
h1 { font: 400 clamp(1.75rem, 1.2rem + 2.4vw, 2.75rem)/1.12 var(--serif); letter-spacing: -0.01em; margin: 0.75rem 0 0.5rem; max-width: 24em; text-wrap: balance; }
h1::before { content: ""; display: block; width: 3.5rem; height: 0.3rem; margin-bottom: 1.1rem; background: var(--unknown); }
.bad h1::before { background: var(--malicious); }
.watch h1::before { background: var(--suspicious); }
.calm h1::before { background: var(--clean); }
.detail { font: 400 1.125rem/1.45 var(--serif); color: var(--soft); max-width: 42em; }
.figures { display: grid; grid-template-columns: repeat(6, 1fr); margin: 2.25rem 0 0; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--rule); }
.figures div { padding: 0.75rem 1rem 0.9rem; border-left: 1px solid var(--rule); }
.figures div:first-child { padding-left: 0; border-left: 0; }
.figures dt { font-size: 0.8125rem; color: var(--soft); }
.figures dd { font: 400 1.75rem/1.2 var(--serif); white-space: nowrap; }
.figures dd small { font: 400 0.8125rem/1.3 var(--sans); color: var(--soft); display: block; white-space: normal; margin-top: 0.2rem; }
.c-clean { color: var(--clean); } .c-suspicious { color: var(--suspicious); } .c-malicious { color: var(--malicious); }
section { display: grid; grid-template-columns: 13rem minmax(0, 1fr); column-gap: 2.5rem; padding: 1.6rem 0 1.9rem; border-bottom: 1px solid var(--rule); }
h2 { font: 600 1.0625rem/1.3 var(--sans); text-wrap: balance; }
.why { color: var(--soft); font-size: 0.8125rem; line-height: 1.45; margin-top: 0.4rem; }
.body > * + * { margin-top: 1.25rem; }
.empty { color: var(--soft); border-left: 3px solid var(--rule); padding: 0.1rem 0 0.1rem 0.8rem; }
.lane + .lane { margin-top: 1rem; }
.lane header, .pair h3 { display: flex; flex-wrap: wrap; gap: 0.1rem 0.9rem; align-items: baseline; margin-bottom: 0.35rem; }
h3 { font: 600 0.875rem/1.3 var(--sans); margin: 0; }
.lane header span { color: var(--soft); font-size: 0.8125rem; }
svg { display: block; overflow: hidden; }
svg .grid { stroke: var(--grid); } svg .base { stroke: var(--soft); stroke-opacity: 0.55; }
.columns g:hover rect { opacity: 0.6; }
.axis { margin-top: 0.25rem; overflow: visible; }
.axis text { fill: var(--soft); font: 400 0.75rem var(--sans); }
.meter { min-width: 5rem; } .meter .track { fill: var(--track); } .meter line { stroke: var(--ink); stroke-opacity: 0.5; }
.t-clean { fill: var(--clean); background: var(--clean); } .t-noise { fill: var(--noise); background: var(--noise); }
.t-suspicious { fill: var(--suspicious); background: var(--suspicious); } .t-malicious { fill: var(--malicious); background: var(--malicious); }
.t-unknown { fill: var(--unknown); background: var(--unknown); }
.t-load { fill: var(--load); background: var(--load); } .t-load-2 { fill: var(--load-2); background: var(--load-2); }
.t-load-3 { fill: var(--load-3); background: var(--load-3); }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; font-size: 0.8125rem; color: var(--soft); }
.share + .legend { margin-top: 0.45rem; }
.legend i { display: inline-block; width: 0.65rem; height: 0.65rem; margin-right: 0.4rem; }
.legend b { color: var(--ink); font-weight: 600; }
.bars li { display: grid; grid-template-columns: 9rem minmax(0, 1fr) 3.5rem; gap: 0.8rem; align-items: center; padding: 0.16rem 0; }
.bar-label { line-height: 1.25; } .bar-value { text-align: right; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2.5rem; }
.pair > * > * + * { margin-top: 0.6rem; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 400; font-size: 0.8125rem; color: var(--soft); padding: 0 0.9rem 0.4rem 0; border-bottom: 1px solid var(--rule); vertical-align: bottom; overflow-wrap: normal; }
td { padding: 0.4rem 0.9rem 0.4rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; line-height: 1.4; }
th:last-child, td:last-child { padding-right: 0; }
.num { text-align: right; } time, td a { white-space: nowrap; } .wide { width: 34%; } .grow { width: 22%; min-width: 8rem; }
.verdict { white-space: nowrap; } .verdict::before { content: ""; display: inline-block; width: 0.6rem; height: 0.6rem; margin-right: 0.45rem; background: var(--unknown); }
td small { display: block; color: var(--soft); font-size: 0.8125rem; } .verdict + small { padding-left: 1.05rem; }
.v-clean::before { background: var(--clean); } .v-noise::before { background: var(--noise); }
.v-suspicious::before { background: var(--suspicious); } .v-malicious::before { background: var(--malicious); }
.ratio-cell { display: grid; grid-template-columns: 3.4rem minmax(0, 1fr); align-items: center; gap: 0.6rem; }
summary { cursor: pointer; color: var(--link); padding: 0.5rem 0; }
.lines li { padding: 0.3rem 0; } .lines li + li { border-top: 1px solid var(--grid); }
.lines b { font-weight: 600; } .lines span { color: var(--soft); }
footer { color: var(--soft); font-size: 0.8125rem; padding-top: 1.5rem; max-width: 52em; }
@media (max-width: 56rem) {
  .figures { grid-template-columns: repeat(3, 1fr); }
  .figures div:nth-child(4) { padding-left: 0; border-left: 0; }
  section { grid-template-columns: minmax(0, 1fr); row-gap: 1rem; }
  .why { max-width: 46em; }
}
@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .figures div:nth-child(odd) { padding-left: 0; border-left: 0; }
  .figures div:nth-child(4) { padding-left: 1rem; border-left: 1px solid var(--rule); }
  .figures div:nth-child(n + 3) { border-top: 1px solid var(--rule); }
  .pair { grid-template-columns: minmax(0, 1fr); gap: 1.5rem; }
  .bars li { grid-template-columns: 6.5rem minmax(0, 1fr) 2.75rem; gap: 0.6rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; } tbody tr:last-child { border-bottom: 0; }
  tr { padding: 0.55rem 0; border-bottom: 1px solid var(--grid); }
  td { border: 0; padding: 0.1rem 0; display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0.6rem; text-align: left; }
  td::before { content: attr(data-label); color: var(--soft); font-size: 0.8125rem; }
  td.lead { display: block; padding-bottom: 0.2rem; } td.lead::before { content: none; }
  .num { text-align: left; } .wide, .grow { width: auto; min-width: 0; } td.aside { display: none; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; } section, tr, .lane { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
}
`;
