import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TargetSystem } from './target-system.ts';

/** Folders that are ours as a whole. */
const OURS = ['/var/lib/guardian', '/etc/guardian'];

/** Files of ours in folders of Suricata, under their default names. */
const PUBLISHED = [
  { folder: '/var/lib/suricata/rules', names: /^virustotal-ioc\.rules(?:\.\w+)?$/ },
  { folder: '/var/lib/suricata/datasets', names: /^guardian-[\w-]+\.lst(?:\.\w+)?$/ },
];

/** Removes the data of a daemon that has ended, at its default places only, and returns what was removed. */
export function purgeData(system: TargetSystem): readonly string[] {
  const published = PUBLISHED.flatMap(({ folder, names }) =>
    namesIn(system.at(folder))
      .filter((name) => names.test(name))
      .map((name) => join(folder, name)),
  );
  const present = [...published, ...OURS].filter((path) => system.has(path));
  for (const path of present) rmSync(system.at(path), { recursive: true, force: true });
  return present;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
