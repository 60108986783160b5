import { join } from 'node:path';
import type { DesiredState } from '../../../src/core/indicator.ts';
import { DatasetFiles } from '../../../src/enforce/suricata/dataset-files.ts';
import { entryContext } from '../../../src/enforce/suricata/entry-context.ts';
import { type PublicationOptions, planPublication } from '../../../src/enforce/suricata/publication.ts';
import { type PutOutcome, RulesFile } from '../../../src/enforce/suricata/rules-file.ts';
import { keyOfEntry } from '../../../src/enforce/suricata/set-entry.ts';
import { DEFAULT_SID_RANGE } from '../../../src/enforce/suricata/sid-range.ts';
import { MemorySidBook } from './memory-sid-book.ts';

/** Options of a publication into `dir`, with sids from 1900000 on. */
export function publicationIn(dir: string, changes: Partial<PublicationOptions> = {}): PublicationOptions {
  return {
    datasetsDir: join(dir, 'datasets'),
    action: 'alert',
    maxRules: 500,
    sidRange: DEFAULT_SID_RANGE,
    sids: new MemorySidBook(),
    ...changes,
  };
}

/** A rules file in `dir` that is checked by the installed Suricata. */
export function rulesFileIn(dir: string): RulesFile {
  return new RulesFile({
    rulesFile: join(dir, 'virustotal-ioc.rules'),
    datasetsDir: join(dir, 'datasets'),
    binary: 'suricata',
    config: join(dir, 'suricata.yaml'),
    allowUnchecked: false,
  });
}

/** Writes files as the target does, with no running Suricata, and says where the rules are. */
export async function publishTo(
  dir: string,
  wanted: DesiredState,
  changes: Partial<PublicationOptions> = {},
): Promise<{ readonly rules: string; readonly put: PutOutcome }> {
  const options = publicationIn(dir, changes);
  const plan = planPublication(wanted, options);
  const files = new DatasetFiles(options.datasetsDir);
  await files.load();
  if (options.features?.context === true) {
    files.describe((entry) => entryContext(entry.entry, wanted.get(keyOfEntry(entry))));
  }
  await files.write(plan);
  const put = await rulesFileIn(dir).put(plan.rules, true);
  return { rules: join(dir, 'virustotal-ioc.rules'), put };
}
