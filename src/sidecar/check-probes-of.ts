import { readApiKey } from '../config/secrets.ts';
import { CommandSocket } from '../enforce/suricata/command-socket.ts';
import { SuricataCommands } from '../enforce/suricata/suricata-commands.ts';
import { SILENT } from '../lib/log.ts';
import { VirusTotalSource } from '../sources/virustotal/virustotal-source.ts';
import { checkCentral } from './check-central.ts';
import { checkFeeds } from './check-feeds.ts';
import { checkNftables } from './check-nftables.ts';
import { checkPihole } from './check-pihole.ts';
import type { CheckProbes, KeyFacts } from './check-probes.ts';

/** The questions of `guardian check` that only parts of the daemon can ask. */
export function checkProbes(env: Readonly<Record<string, string | undefined>>): CheckProbes {
  return {
    askSuricata: async (path, signal) => {
      const socket = new CommandSocket(path);
      try {
        const suricata = new SuricataCommands(socket);
        const version = await suricata.version(signal);
        return `${version}, running for ${spanText(await suricata.uptime(signal))}`;
      } finally {
        socket.close();
      }
    },
    readKey: async (config, signal) => {
      const key = readApiKey(config.virustotal.apiKeyFile, env, SILENT);
      if (key === undefined) return undefined;
      const source = new VirusTotalSource({
        apiKey: key.reveal(),
        baseUrl: config.virustotal.baseUrl,
        clock: Date.now,
        log: SILENT,
      });
      const allowances = await source.readAllowances(signal);
      const windows = Object.entries(allowances).flatMap(([window, one]) =>
        one === undefined ? [] : [[window, one] as const],
      );
      return { windows: new Map(windows) } satisfies KeyFacts;
    },
    others: [
      (config) => checkFeeds(config, env),
      (config, signal) => checkPihole(config, env, signal),
      (config, signal) => checkNftables(config, signal),
      (config, signal) => checkCentral(config, env, signal),
    ],
  };
}

function spanText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}
