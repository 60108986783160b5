import { accessSync, constants } from 'node:fs';
import type { Command } from 'commander';
import { OperatorError } from '../core/errors.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { EXIT_STATUS, FailedCommand } from './failure.ts';
import { existingRoot, hiddenProgram, installation } from './install/installation.ts';
import { Manifest } from './install/manifest.ts';
import type { Finding, Site, Step } from './install/step.ts';
import { TargetSystem } from './install/target-system.ts';
import { Printer } from './printer.ts';

/** `guardian install`. */
export function registerInstall(program: Command, io: CliIo): void {
  const command = program
    .command('install')
    .summary('everything this machine needs for guardian, step by step')
    .description(
      'Makes the user, the folders and a first configuration, installs the hardened systemd service, and adds an EVE output and a rules file to suricata.yaml, which "suricata -T" must take, else it is put back. Says each step. Run again, it does what is missing; "guardian uninstall" undoes what it did.',
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--root <dir>', 'install to the system whose root lies there', '/');
  withHelp(command, {
    exit: { 0: 'everything is in place', 1: 'a step failed or is left to you; it says how' },
    examples: [
      ['sudo guardian install --dry-run', 'what would be done'],
      ['sudo guardian install', 'do it'],
    ],
  }).action(async (options: { readonly dryRun?: boolean; readonly root: string }) => {
    const system = new TargetSystem(existingRoot(options.root));
    const isDryRun = options.dryRun === true;
    if (!isDryRun) checkRights(system, io);
    const hidden = hiddenProgram(io.host.program);
    if (hidden !== undefined) throw new OperatorError(`Cannot install: ${hidden.why}`, { hint: hidden.hint });
    const site = { system, manifest: Manifest.read(system), written: new Set<string>() };
    const steps = await installation(system, io.host.program);
    const isWhole = await walk(steps, site, isDryRun, new Printer(io));
    if (!isWhole) throw new FailedCommand(EXIT_STATUS.failed);
  });
}

function checkRights(system: TargetSystem, io: CliIo): void {
  if (io.host.uid !== 0) {
    throw new OperatorError('Cannot install: this is not root, want root', {
      hint: 'Use sudo, or look with --dry-run.',
    });
  }
  for (const folder of ['/etc', '/var/lib']) {
    try {
      accessSync(system.at(folder), constants.W_OK);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? '';
      const is = code === 'EROFS' ? 'it is read-only' : code === 'ENOENT' ? 'it is not there' : code;
      throw new OperatorError(
        `Cannot install: ${system.at(folder)} cannot be written to (${is}), want a folder that can`,
        {
          cause,
          hint: 'Nothing was changed. Make it writable, or install where that is.',
        },
      );
    }
  }
}

/** Takes the steps in order and says each. False when one is left to a person. The first that fails ends it. */
async function walk(steps: readonly Step[], site: Site, isDryRun: boolean, printer: Printer): Promise<boolean> {
  let isWhole = true;
  for (const step of steps) {
    const finding = await step.look(site);
    if (finding.state === 'refused') isWhole = false;
    if (finding.state === 'needed' && !isDryRun) await step.perform(site);
    printer.line(
      `${wordFor(finding, isDryRun).padEnd(WORD_WIDTH)}${step.title}${'why' in finding ? `: ${finding.why}` : ''}`,
    );
    if (finding.state === 'refused') printer.line(`${' '.repeat(WORD_WIDTH)}${finding.hint}`);
  }
  if (isDryRun) printer.line('Nothing was changed.');
  else
    printer.line(
      'Now put your key into /etc/guardian/virustotal.key, name it in guardian.yaml there, restart Suricata, and run "guardian check".',
    );
  return isWhole;
}

const WORD_WIDTH = 9;

function wordFor({ state }: Finding, isDryRun: boolean): string {
  if (state === 'needed') return isDryRun ? 'would' : 'did';
  return state === 'done' ? 'is done' : state === 'skipped' ? 'skipped' : 'NOT done';
}
