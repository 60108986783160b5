import type { Command } from 'commander';
import { OperatorError } from '../core/errors.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { EXIT_STATUS, FailedCommand } from './failure.ts';
import { existingRoot } from './install/installation.ts';
import { type Change, Manifest } from './install/manifest.ts';
import { purgeData } from './install/purge.ts';
import { TargetSystem } from './install/target-system.ts';
import { undo } from './install/undo.ts';
import { Printer } from './printer.ts';

/** `guardian uninstall`. */
export function registerUninstall(program: Command, io: CliIo): void {
  const command = program
    .command('uninstall')
    .summary('undo what "guardian install" did, and nothing else')
    .description(
      'Undoes every change that "guardian install" noted, the last first: service, lines in suricata.yaml, files, kernel settings, folders, user. What you changed since is left and said. The database and your keys stay, now of root, unless --purge. Asks nothing. Entries in a Pi-hole or a firewall end by themselves; "guardian forget" before takes them back at once.',
    )
    .option('--purge', 'remove the database, the published rules, the configuration and the keys too')
    .option('--root <dir>', 'of the system whose root lies there', '/');
  withHelp(command, {
    exit: { 0: 'everything is undone', 1: 'something was left, which is said' },
    examples: [
      ['sudo guardian uninstall', 'keep the data'],
      ['sudo guardian uninstall --purge', 'leave no trace'],
    ],
  }).action(async (options: { readonly purge?: boolean; readonly root: string }) => {
    const system = new TargetSystem(existingRoot(options.root));
    if (io.host.uid !== 0) {
      throw new OperatorError('Cannot uninstall: this is not root, want root', { hint: 'Use sudo.' });
    }
    const isWhole = await takeBack(Manifest.read(system), system, options.purge === true, new Printer(io));
    if (!isWhole) throw new FailedCommand(EXIT_STATUS.failed);
  });
}

/** False when something that was asked to go is still there. */
async function takeBack(
  manifest: Manifest,
  system: TargetSystem,
  isPurge: boolean,
  printer: Printer,
): Promise<boolean> {
  let isWhole = true;
  const say = (word: string, what: string, why?: string): void =>
    printer.line(`${word.padEnd(WORD_WIDTH)}${what}${why === undefined ? '' : `: ${why}`}`);
  if (manifest.changes.length === 0) printer.line('"guardian install" has noted nothing here that could be undone.');
  const reversed = [...manifest.changes].reverse();
  const those = (is: (kind: Change['kind']) => boolean): readonly Change[] => reversed.filter(({ kind }) => is(kind));
  // The daemon ends before anything is taken from under it, and what is included goes after the line that includes it.
  const [units, lines] = [those((kind) => kind === 'unit'), those((kind) => kind === 'lines')];
  const others = [...lines, ...those((kind) => kind !== 'unit' && kind !== 'lines')];
  const takeBackAll = async (changes: readonly Change[]): Promise<void> => {
    for (const change of changes) {
      const { outcome, what, why } = await undo(change, system);
      say(outcome, what, why);
      // A folder with data in it can still go another time; a file that a person changed is theirs now.
      const stays = outcome === 'NOT done' || (outcome === 'kept' && change.kind !== 'file');
      if (!stays) manifest.forget(change);
      // Data that stays without --purge is as it should be; a file that a person changed is worth a word and no more.
      if (outcome === 'NOT done') isWhole = false;
    }
  };
  await takeBackAll(units);
  if (isPurge) for (const path of purgeData(system)) say('removed', path);
  await takeBackAll(others);
  if (system.isBooted && units.length > 0) await system.tool('systemctl', ['daemon-reload']);
  if (others.some(({ kind }) => kind === 'lines'))
    printer.line('Restart Suricata, so that it no longer sends to guardian.');
  return isWhole;
}

const WORD_WIDTH = 9;
