import type { Log } from '../../lib/log.ts';
import type { CommandSocket } from './command-socket.ts';
import type { DatasetFiles } from './dataset-files.ts';
import type { RulesFile } from './rules-file.ts';
import type { ContextOf } from './set-entry.ts';

/** What `Enforcement` works with. */
export interface EnforcementOptions {
  readonly socket: CommandSocket;
  readonly files: DatasetFiles;
  readonly rules: RulesFile;
  readonly rulesFile: string;
  /** What alerts are to carry; undefined where the rules are over plain sets. */
  readonly contextOf: () => ContextOf | undefined;
  readonly mayReload: boolean;
  readonly debounceMs: number;
  readonly log: Log;
  readonly now: () => number;
}
