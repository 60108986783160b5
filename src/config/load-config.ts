import { readFileSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import { quoted } from './quoted.ts';
import { type Config, configSchema } from './schema.ts';
import { SchemaReader } from './schema-reader.ts';
import { type Problem, parseWritten, type Written, writtenOf } from './written.ts';

/** Where the daemon looks unless it is told otherwise. */
export const DEFAULT_CONFIG_PATH = '/etc/guardian/guardian.yaml';

/** More problems than this come from one mistake. */
const MAX_PROBLEMS = 50;

/**
 * Reads and checks a configuration. With `text`, that is read and `path` only names it in messages.
 * @throws ConfigError whose message has one line for each bad key, all of them at once.
 */
export function loadConfig(options: { readonly path: string; readonly text?: string }): Config {
  const { path } = options;
  const { root, problems } = parseWritten(withoutByteOrderMark(options.text ?? readText(path)));
  if (problems.length > 0) throw problemsError(path, problems);
  if (root === undefined || isNothing(root)) {
    const hint = 'Start from native-config/guardian.example.yaml; every key in it has its default.';
    throw new ConfigError(`Cannot read config ${quoted(path)}: it is empty, want at least one key`, { hint });
  }
  const reader = new SchemaReader();
  const config = reader.readSection(configSchema, root, '');
  if (reader.problems.length > 0) throw problemsError(path, reader.problems);
  // The one place where the schema's values become the type that was derived from it.
  return config as Config;
}

/** The configuration in which every key has its default. */
export function defaultConfig(): Config {
  return new SchemaReader().readSection(configSchema, writtenOf({}), '') as Config;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read config ${quoted(path)}: ${whyUnreadable(cause)}`, {
      cause,
      hint: 'Name another file with --config, or copy native-config/guardian.example.yaml there.',
    });
  }
}

function whyUnreadable(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  if (code === 'EISDIR') return 'it is a folder, want a file';
  return cause instanceof Error ? cause.message : String(cause);
}

function problemsError(path: string, problems: readonly Problem[]): ConfigError {
  // Each line stands alone, so that a search for one key finds the file and the line too.
  const lines = [...problems]
    .sort((left, right) => (left.line ?? 0) - (right.line ?? 0))
    .slice(0, MAX_PROBLEMS)
    .map(({ line, text }) => `Cannot read config ${quoted(path)}${line === undefined ? '' : ` line ${line}`}: ${text}`);
  const left = problems.length - lines.length;
  if (left > 0) lines.push(`Cannot read config ${quoted(path)}: ${left} more problems are not shown`);
  return new ConfigError(lines.join('\n'), { hint: 'native-config/guardian.example.yaml explains every key.' });
}

function isNothing(root: Written): boolean {
  return (root.kind === 'scalar' && root.value === null) || (root.kind === 'map' && root.entries.size === 0);
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
