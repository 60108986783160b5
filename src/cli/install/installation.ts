import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../../config/load-config.ts';
import type { Config } from '../../config/schema.ts';
import { OperatorError } from '../../core/errors.ts';
import { commandSocketStep } from './command-socket-step.ts';
import { fileStep } from './file-step.ts';
import { folderStep } from './folder-step.ts';
import { productFile } from './product.ts';
import { servicePathsStep } from './service-paths-step.ts';
import { serviceStep } from './service-step.ts';
import type { Finding, Step } from './step.ts';
import { SuricataSettings } from './suricata-settings.ts';
import { suricataStep } from './suricata-step.ts';
import { sysctlStep } from './sysctl-step.ts';
import type { TargetSystem } from './target-system.ts';
import { userStep } from './user-step.ts';

/** How this program is started. */
export interface Program {
  /** The program that runs it: Node. */
  readonly node: string;
  /** Its main file. */
  readonly main: string;
}

const SURICATA_UNITS = ['etc', 'usr/lib', 'lib'].map((folder) => `/${folder}/systemd/system/suricata.service`);
const DEFAULT_SURICATA_YAML = '/etc/suricata/suricata.yaml';
const SOCKET_IN_FRAGMENT = '/run/guardian/eve.sock';
const SOCKET_IN_CONFIG = '/var/run/suricata-command.socket';

/** Every step of an installation on this system, in order. */
export async function installation(system: TargetSystem, program: Program): Promise<readonly Step[]> {
  // Suricata is asked only for the first: what is there already is a person's, and install goes on where Suricata's own file is broken.
  const configText = system.read(DEFAULT_CONFIG_PATH) ?? (await firstConfig(system));
  const config = loadConfig({ path: DEFAULT_CONFIG_PATH, text: configText });
  const sysctl = productFile('native-config/sysctl/60-guardian.conf');
  return [
    // Whose everything is.
    userStep,
    folderStep({ path: '/etc/guardian', mode: 0o750, owner: 'root' }),
    folderStep({ path: '/var/lib/guardian', mode: 0o711, owner: 'guardian' }),
    folderStep({ path: '/var/lib/guardian/lists', mode: 0o755, owner: 'guardian' }),
    // By the sticky bit guardian can replace its own rules there, and nobody else's.
    folderStep({ path: '/var/lib/suricata/rules', mode: 0o1775, owner: 'root' }),
    folderStep({ path: '/var/lib/suricata/datasets', mode: 0o755, owner: 'guardian' }),
    fileStep({ path: DEFAULT_CONFIG_PATH, text: configText, isPrivate: true, isStartOnly: true }),
    fileStep({ path: '/etc/sysctl.d/60-guardian.conf', text: sysctl, packaged: '/usr/lib/sysctl.d' }),
    sysctlStep(sysctl),
    fileStep({
      path: '/etc/systemd/system/guardian.service',
      text: unitText(program),
      packaged: '/usr/lib/systemd/system',
    }),
    ...servicePathsStep(config, DEFAULT_CONFIG_PATH),
    ...nftablesSteps(config),
    ...(await suricataSteps(system, config)),
    // Last: it finds everything else in place.
    serviceStep,
  ];
}

function nftablesSteps({ nftables }: Config): readonly Step[] {
  if (nftables === null) return [];
  const text = productFile('systemd/optional/nftables.conf');
  return [fileStep({ path: '/etc/systemd/system/guardian.service.d/nftables.conf', text })];
}

async function suricataSteps(system: TargetSystem, config: Config): Promise<readonly Step[]> {
  const yaml = config.suricata.config;
  if (!(await hasSuricata(system, config.suricata.binary, yaml))) return [withoutSuricata(yaml)];
  const name = config.eve.type === 'dgram' ? 'guardian-eve-dgram.yaml' : 'guardian-eve.yaml';
  const fragment = join(dirname(yaml), name);
  const output = productFile(`native-config/suricata/${name}`).replace(SOCKET_IN_FRAGMENT, config.eve.socket);
  const dropIn = productFile('systemd/suricata.service.d/guardian.conf');
  const unit = SURICATA_UNITS.some((path) => system.has(path));
  return [
    ...(unit ? [fileStep({ path: '/etc/systemd/system/suricata.service.d/guardian.conf', text: dropIn })] : []),
    fileStep({ path: fragment, text: output, includedBy: { binary: config.suricata.binary, config: yaml } }),
    suricataStep({ config, fragment }),
    commandSocketStep(config, DEFAULT_CONFIG_PATH),
  ];
}

/** The configuration to begin with, with the command socket that Suricata has here. */
async function firstConfig(system: TargetSystem): Promise<string> {
  const text = productFile('native-config/install/guardian.yaml');
  if (!(await hasSuricata(system, 'suricata', DEFAULT_SURICATA_YAML))) return text;
  const settings = await SuricataSettings.read(system, 'suricata', DEFAULT_SURICATA_YAML);
  return text.replace(SOCKET_IN_CONFIG, settings.commandSocket ?? SOCKET_IN_CONFIG);
}

/** Its configuration may outlive a removed package. */
async function hasSuricata(system: TargetSystem, binary: string, yaml: string): Promise<boolean> {
  return system.has(yaml) && (await system.canRun(binary));
}

function withoutSuricata(yaml: string): Step {
  const why = 'Suricata is not installed here; run "guardian install" again when it is';
  return { title: `join Suricata in ${yaml}`, look: () => ({ state: 'skipped', why }), perform: () => undefined };
}

/** Folders that the hardened service does not see. */
const HIDDEN = /^\/(?:home|root|run\/user|tmp|var\/tmp)\//;

function unitText({ node, main }: Program): string {
  return productFile('systemd/guardian.service').replace(
    /^ExecStart=\S+/m,
    `ExecStart=${[node, main].map(quotedForUnit).join(' ')}`,
  );
}

/** Why the service could not run this program where it lies; `undefined` when it can. */
export function hiddenProgram({ node, main }: Program): Extract<Finding, { state: 'refused' }> | undefined {
  const hidden = [node, main].find((path) => HIDDEN.test(path));
  if (hidden === undefined) return undefined;
  const hint = 'Install both for everybody: Node by a package, guardian by "npm install -g --prefix /usr/local".';
  return { state: 'refused', why: `the hardened service does not see ${hidden}, want it below /usr or /opt`, hint };
}

/** systemd.syntax(7): quotes hold white space together, and % begins a specifier. */
function quotedForUnit(path: string): string {
  const text = path.replaceAll('%', '%%').replaceAll('"', '\\"');
  return /\s/.test(text) ? `"${text}"` : text;
}

/** @throws OperatorError where nothing can be installed to. */
export function existingRoot(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (cause) {
    throw new OperatorError(`Cannot install to "${folder}": there is no such folder, want the root of a system`, {
      cause,
    });
  }
}
