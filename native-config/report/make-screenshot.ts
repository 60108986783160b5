// Makes report.png, the picture of the README: the report of an invented household's week, as Chromium shows it.
// Run: npx tsx native-config/report/make-screenshot.ts (wants the Debian package chromium)
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documentOf } from '../../src/api/document.ts';
import { reportPage } from '../../src/cli/report/page.ts';
import { DEFAULT_POLICY } from '../../src/core/policy.ts';
import { reportOf } from '../../src/sidecar/report-of.ts';
import { Store } from '../../src/store/store.ts';
import { Chromium } from '../../test/support/chromium.ts';
import { HouseholdWeek } from '../../test/support/household-week.ts';
import { palettePng } from './palette-png.ts';

/** The end of the week that is shown; the same picture every time. */
const NOW = Date.parse('2026-03-14T21:30:00Z');
const WEEK_MS = 7 * 86_400_000;
/** As wide as a README is shown, and down to the first flagged names. */
const SIZE = { width: 1180, height: 1330 };

function weekPage(): string {
  const store = new Store({ path: ':memory:', sidRange: { first: 1_900_000, last: 1_999_999 } });
  try {
    const week = new HouseholdWeek(store, NOW);
    week.fill();
    const panels = reportOf({ store, status: week.status(), policy: DEFAULT_POLICY, since: NOW - WEEK_MS, now: NOW });
    return reportPage(documentOf(panels));
  } finally {
    store.close();
  }
}

async function pictureOf(text: string): Promise<Buffer> {
  const dir = mkdtempSync(join(tmpdir(), 'guardian-screenshot-'));
  const chromium = new Chromium();
  try {
    const path = join(dir, 'report.html');
    writeFileSync(path, text);
    const page = await chromium.open();
    await page.load(path, SIZE);
    return await page.screenshot({ height: SIZE.height });
  } finally {
    await chromium.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const picture = palettePng(await pictureOf(weekPage()));
writeFileSync(fileURLToPath(new URL('report.png', import.meta.url)), picture);
console.log(`report.png: ${picture.length} bytes`);
