import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../core/errors.ts';
import type { Log } from '../lib/log.ts';
import { quoted } from './quoted.ts';

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REDACTED = '[redacted]';

/** No key or password is nearly as long; a longer file is a wrong path. */
const MAX_SECRET_BYTES = 4096;

/** A secret that shows as `[redacted]` wherever it is printed, logged or serialised. Only `reveal()` gives it away. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself, for the request that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/**
 * Reads a secret from its file, without the final newline. Where systemd passed a credential of the same base name
 * (`$CREDENTIALS_DIRECTORY`, systemd.exec(5)), that wins. A file that others can read is warned about and used.
 * @throws ConfigError when the file is missing, unreadable, empty, or not one line of text.
 */
export function readSecret(file: string, env: Environment, log: Log): Secret {
  const path = credentialOf(file, env) ?? file;
  const text = readText(path);
  const value = text.replace(/\s+$/, '');
  if (value === '') throw unfit(path, 'it is empty, want the secret on one line');
  if (/[\r\n\0]/.test(value)) throw unfit(path, 'it has several lines, want the secret on one line');
  // What systemd passes is private by its folder, whatever the mode of the file.
  if (path === file && (statSync(path).mode & 0o044) !== 0) {
    log.warn('secret file is readable by others', { path, hint: `Run "chmod 0600 ${path}".` });
  }
  return new Secret(value);
}

/**
 * VirusTotal's key: from its file where one is configured, else from `VIRUSTOTAL_API_KEY`, else `undefined`.
 * @throws ConfigError as `readSecret` does: a file that is configured is never passed over for the environment.
 */
export function readApiKey(file: string | null, env: Environment, log: Log): Secret | undefined {
  if (file !== null) return readSecret(file, env, log);
  const value = env.VIRUSTOTAL_API_KEY?.trim() ?? '';
  return value === '' ? undefined : new Secret(value);
}

function credentialOf(file: string, env: Environment): string | undefined {
  const folder = env.CREDENTIALS_DIRECTORY;
  if (folder === undefined || folder === '') return undefined;
  const path = join(folder, basename(file));
  return existsSync(path) ? path : undefined;
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MAX_SECRET_BYTES) throw unfit(path, 'it is too long for a secret');
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') throw unfit(path, 'there is no such file', cause);
    throw unfit(path, code === 'EACCES' ? 'this user may not read it' : `it cannot be opened (${String(code)})`, cause);
  }
}

function unfit(path: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError(`Cannot read secret ${quoted(path)}: ${what}`, {
    cause,
    hint: 'Put the secret alone into that file, readable by the daemon only, or name another file in the config.',
  });
}
