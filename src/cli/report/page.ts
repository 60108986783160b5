import { createHash } from 'node:crypto';
import type { ReportDocument } from '../../api/report-facts.ts';
import { alerts, blocked, pihole } from './defence.ts';
import { Emptiness } from './emptiness.ts';
import { contacts, flagged, freshness, origins } from './findings.ts';
import { headline } from './headline.ts';
import { limits } from './limits.ts';
import { html, Markup } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { TimeAxis } from './time-axis.ts';
import { timeline } from './timeline.ts';

/** Nothing may run and nothing may be fetched, whatever the page holds: only this very style counts (CSP Level 3). */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * The report as one page: no script, no font, no picture and no address of its own, so it can be kept, mailed and printed. Names from
 * the network are text in it and nothing else.
 */
export function reportPage(report: ReportDocument): string {
  const axis = new TimeAxis(Date.parse(report.since), Date.parse(report.until_at), report.step_ms);
  const emptiness = new Emptiness(report);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY.replaceAll('"', '&quot;'))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${report.status.sensor}: network report of ${report.until_at.slice(0, 10)}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
${headline(report)}
<main>
${timeline(report, axis, emptiness)}
${flagged(report, emptiness)}
${contacts(report, emptiness)}
${blocked(report, emptiness)}
${origins(report, emptiness)}
${freshness(report, emptiness)}
${pihole(report, emptiness)}
${alerts(report, emptiness)}
${limits(report)}
</main>
<footer>Made by guardian ${report.status.version} from what this sensor keeps. The page is complete in itself: it loads nothing, runs nothing and tells nobody. It names devices and what they used, so keep it as you would keep a diary.</footer>
</body>
</html>
`;
  return page.text;
}
