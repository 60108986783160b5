import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf } from '../../../src/api/document.ts';
import type { ReportDocument, ReportPanels } from '../../../src/api/report-facts.ts';
import { reportPage } from '../../../src/cli/report/page.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy.ts';
import { reportOf } from '../../../src/sidecar/report-of.ts';
import { Store } from '../../../src/store/store.ts';
import { NOW, statusFacts } from '../../api/control-fixture.ts';
import { HouseholdWeek } from '../../support/household-week.ts';
import { tempDir } from '../../support/temp-dir.ts';

export const WEEK_MS = 7 * 86_400_000;

type TestContext = Parameters<typeof tempDir>[0];

/** A store in memory that ends with the test. */
export function emptyStore(t: { after(fn: () => void): void }): Store {
  const store = new Store({ path: ':memory:', sidRange: { first: 1_900_000, last: 1_999_999 } });
  t.after(() => store.close());
  return store;
}

/** The report of an invented household's week, and where it came from. */
export function weekOf(store: Store): { readonly week: HouseholdWeek; readonly panels: ReportPanels } {
  const week = new HouseholdWeek(store, NOW);
  week.fill();
  const panels = reportOf({ store, status: week.status(), policy: DEFAULT_POLICY, since: NOW - WEEK_MS, now: NOW });
  return { week, panels };
}

/** The report of a store in which nothing is. */
export function emptyReport(store: Store): ReportDocument {
  const status = { ...statusFacts(store), eve: { ...statusFacts(store).eve, events: new Map<string, number>() } };
  return documentOf(reportOf({ store, status, policy: DEFAULT_POLICY, since: NOW - WEEK_MS, now: NOW }));
}

/** Writes the page of a report into a file of its own. */
export function pageFile(t: TestContext, report: ReportDocument): string {
  const path = join(tempDir(t), 'report.html');
  writeFileSync(path, reportPage(report));
  return path;
}
