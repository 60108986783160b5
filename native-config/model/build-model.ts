import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FEATURES } from '../../src/triage/lexical-features.ts';
import { readLabelledNames, splitLabelled } from './labelled-names.ts';
import { fit, learnTables, lessons } from './learn.ts';

/** Builds `src/triage/lexical-model.json` from a labelled list: `tsx native-config/model/build-model.ts LIST.csv [DATE]`. */
function main(path: string | undefined, date: string | undefined): void {
  if (path === undefined) {
    process.stderr.write(
      'Cannot build the model: no list is named, want "build-model.ts LIST.csv" (domain,label,origin)\n',
    );
    process.exitCode = 2;
    return;
  }
  const names = readLabelledNames(path);
  const { train } = splitLabelled(names);
  const chosen = lessons(train);
  const tables = learnTables(chosen, train);
  const { bias, weights } = fit(chosen, train);
  const figures = {
    provenance: {
      built_at: date ?? new Date().toISOString().slice(0, 10),
      list_sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
      list_names: names.length,
      learned_malicious: chosen.filter((one) => one.malicious).length,
      learned_benign: chosen.filter((one) => !one.malicious).length,
      families: new Set(chosen.map((one) => one.family)).size,
      split:
        'train half only: malware families by FNV-1a of the family, phishing and benign names by FNV-1a of the registrable domain, even = train',
    },
    bias: round(bias),
    weights: Object.fromEntries(FEATURES.map((feature, i) => [feature, round(weights[i] ?? 0)])),
    other_suffix: tables.otherSuffix,
    suffixes: Object.fromEntries(tables.suffixes),
    trigrams: Buffer.from(tables.trigrams.buffer).toString('base64'),
  };
  const target = fileURLToPath(new URL('../../src/triage/lexical-model.json', import.meta.url));
  writeFileSync(target, `${JSON.stringify(figures, undefined, 1)}\n`);
  process.stdout.write(
    `${JSON.stringify({ ...figures, suffixes: tables.suffixes.size, trigrams: tables.trigrams.length }, undefined, 2)}\n`,
  );
}

function round(x: number): number {
  return Number(x.toFixed(4));
}

main(process.argv[2], process.argv[3]);
