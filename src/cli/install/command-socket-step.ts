import type { Config } from '../../config/schema.ts';
import { OperatorError } from '../../core/errors.ts';
import { DONE, type Finding, type Step } from './step.ts';
import { SuricataSettings } from './suricata-settings.ts';
import type { TargetSystem } from './target-system.ts';

/** Whether guardian and Suricata mean the same command socket, and whether guardian will be let in. It changes nothing. */
export function commandSocketStep({ suricata }: Pick<Config, 'suricata'>, configPath: string): Step {
  return {
    title: "agree on Suricata's command socket",

    async look({ system }): Promise<Finding> {
      const settings = await readable(system, suricata);
      if (settings === undefined) return { state: 'skipped', why: 'Suricata does not take its configuration as it is' };
      const socket = settings.commandSocket;
      if (socket === undefined) {
        const hint = `Write "unix-command: { enabled: yes }" in ${suricata.config} and restart Suricata.`;
        return { state: 'refused', why: 'Suricata has none, so nothing takes effect before it is restarted', hint };
      }
      if (settings.user !== undefined) {
        const hint = `In a drop-in of guardian.service: SupplementaryGroups=${settings.user} and PrivateUsers=no; in ${configPath}: eve: { socket_group: ${settings.user} }.`;
        return {
          state: 'refused',
          why: `Suricata changes to "${settings.user}" (run-as), whose group the socket gets`,
          hint,
        };
      }
      if (socket === suricata.commandSocket) return DONE;
      const hint = `Set suricata.command_socket in ${configPath} to ${socket}.`;
      return {
        state: 'refused',
        why: `Suricata has ${socket}, guardian wants ${suricata.commandSocket ?? 'none'}`,
        hint,
      };
    },

    perform: () => undefined,
  };
}

/** A first look ahead may come when a file of ours that Suricata includes is missing; the step before this one says or mends that. */
async function readable(
  system: TargetSystem,
  { binary, config }: Config['suricata'],
): Promise<SuricataSettings | undefined> {
  return SuricataSettings.read(system, binary, config).catch((error: unknown) => {
    if (error instanceof OperatorError) return undefined;
    throw error;
  });
}
