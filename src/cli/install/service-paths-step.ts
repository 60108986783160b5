import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { DONE, type Finding, type Step } from './step.ts';
import type { TargetSystem } from './target-system.ts';

/** What systemd/guardian.service lets the daemon write to. */
const OPEN = ['/var/lib/guardian', '/run/guardian', '/var/lib/suricata/rules', '/var/lib/suricata/datasets'];
const DROP_INS = '/etc/systemd/system/guardian.service.d';

/** Whether the hardened service may write where the configuration has it write. Opening more is for a person. It changes nothing. */
export function servicePathsStep(config: Config, configPath: string): readonly Step[] {
  const wanted = foldersOf(config).filter((folder) => !isBelow(folder, OPEN));
  if (wanted.length === 0) return [];
  return [
    {
      title: `let the service write where ${configPath} says`,

      look({ system }): Finding {
        const opened = openedBy(system);
        const closed = wanted.filter((folder) => !isBelow(folder, opened));
        if (closed.length === 0) return DONE;
        const hint = `Make it for the user guardian, and open it: "systemctl edit guardian" with "[Service]" and "ReadWritePaths=${closed.join(' ')}".`;
        return { state: 'refused', why: `it sees ${closed.join(' and ')} read-only or not at all`, hint };
      },

      perform: () => undefined,
    },
  ];
}

function foldersOf({ dataDir, lists, suricata, eve, api }: Config): readonly string[] {
  const files = [suricata.rulesFile, eve.socket, api.socket].map((path) => dirname(path));
  return [...new Set([dataDir, lists.dir, suricata.datasetsDir, ...files])].map((path) =>
    path.replace(/^\/var\/run\//, '/run/'),
  );
}

/** What a person's drop-ins open besides. */
function openedBy(system: TargetSystem): readonly string[] {
  if (!system.has(DROP_INS)) return [];
  return readdirSync(system.at(DROP_INS))
    .filter((name) => name.endsWith('.conf'))
    .flatMap((name) => (system.read(`${DROP_INS}/${name}`) ?? '').split('\n'))
    .flatMap((line) => /^\s*ReadWritePaths\s*=(.*)$/.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
    .map((path) => path.replace(/^[-+]+/, ''));
}

function isBelow(folder: string, parents: readonly string[]): boolean {
  return parents.some((parent) => folder === parent || folder.startsWith(`${parent.replace(/\/$/, '')}/`));
}
