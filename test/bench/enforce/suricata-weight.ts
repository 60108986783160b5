import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandSocket } from '../../../src/enforce/suricata/command-socket.ts';
import { SuricataCommands } from '../../../src/enforce/suricata/suricata-commands.ts';
import { type LiveSuricata, startSuricata } from '../../support/suricata.ts';
import type { Ending } from './ending.ts';
import { timed } from './rows.ts';

/** How long one reload of everything takes. */
export async function reloadMs({ commandSocket }: LiveSuricata): Promise<number> {
  const socket = new CommandSocket(commandSocket);
  try {
    return await timed(() => new SuricataCommands(socket).reloadRules());
  } finally {
    socket.close();
  }
}

/** Resident memory of Suricata without its capture ring. */
export function rssMb({ pid }: LiveSuricata): number {
  // The ring into which the kernel writes packets is mapped from a socket and is as large as the capture is configured.
  const maps = readFileSync(`/proc/${pid()}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const own = maps.filter((map) => !/ socket:\[/.test(map.slice(0, map.indexOf('\n'))));
  return own.reduce((sum, map) => sum + Number(/^Rss:\s+(\d+) kB/m.exec(map)?.[1] ?? 0), 0) / 1024;
}

/** Its memory when started anew, so that it is that of these rules and not of what went before. */
export async function rssAnewMb(suricata: LiveSuricata): Promise<number> {
  await suricata.stop();
  await suricata.start();
  return rssMb(suricata);
}

/** What everybody does first: a rule for every name. */
export async function rulePerName(ending: Ending, netns: string, names: readonly string[]) {
  const dir = ending.folder();
  const rulesFile = join(dir, 'one-each.rules');
  writeFileSync(rulesFile, '');
  const suricata = await startSuricata(ending, { dir: join(dir, 's'), netns, rulesFiles: [rulesFile] });
  const idle = rssMb(suricata);
  const rules = names.map(
    (name, i) =>
      `alert dns any any -> any any (msg:"x"; dns.query; content:"${name}"; nocase; bsize:${name.length}; sid:${1_900_000 + i}; rev:1;)\n`,
  );
  writeFileSync(rulesFile, rules.join(''));
  const reload = await reloadMs(suricata);
  const rss = await rssAnewMb(suricata);
  await suricata.stop();
  return { reload, rss, idle };
}
