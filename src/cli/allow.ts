import type { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import { registerOverride } from './override-command.ts';

/** `guardian allow`. */
export function registerAllow(program: Command, io: CliIo): void {
  registerOverride(program, io, {
    action: 'allow',
    summary: 'never block a pattern, whatever the sources say',
    description:
      'Allows PATTERN: it is unblocked at every target at once and not blocked again while the word holds. Reports and verdicts go on being shown. What should be allowed for good belongs under "allow" in the configuration.',
    help: {
      daemon: true,
      exit: { 1: 'failed, or a target could not be driven; the word is kept and tried again' },
      examples: [
        ['guardian allow shop.example.com --reason "false alarm" --for 30d', 'for a month'],
        ["guardian allow '*.example.com'", 'the domain and everything below it'],
        ['guardian allow shop.example.com --scope all', 'on every sensor that shares the central database'],
        ['guardian forget shop.example.com', 'takes the word back'],
      ],
    },
  });
}
