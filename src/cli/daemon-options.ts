import { accessSync, constants } from 'node:fs';
import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load-config.ts';
import type { CliIo } from './cli-io.ts';
import { ControlClient } from './control-client.ts';

/** Options of every command that talks to a running daemon. */
export interface DaemonOptions {
  readonly socket?: string;
  readonly config?: string;
}

/** Where the daemon listens unless its configuration says otherwise. */
const DEFAULT_SOCKET = '/run/guardian/api.sock';

/** Adds the options by which the daemon is found. */
export function withDaemonOptions(command: Command): Command {
  return command
    .option('-s, --socket <path>', 'control socket of the daemon')
    .option('-c, --config <file>', `configuration that names the socket (default: ${DEFAULT_CONFIG_PATH})`);
}

/**
 * The control socket: --socket, else the one of --config, else GUARDIAN_SOCKET, else the default configuration's,
 * else the default.
 * @throws ConfigError when the configuration that was named, or the default one, is bad.
 */
export function findSocket(options: DaemonOptions, env: CliIo['env']): string {
  if (options.socket !== undefined) return options.socket;
  if (options.config !== undefined) return loadConfig({ path: options.config }).api.socket;
  const named = env.GUARDIAN_SOCKET;
  if (named !== undefined && named !== '') return named;
  return isReadable(DEFAULT_CONFIG_PATH) ? loadConfig({ path: DEFAULT_CONFIG_PATH }).api.socket : DEFAULT_SOCKET;
}

/** A client of the daemon that the options lead to. */
export function clientOf(options: DaemonOptions, io: CliIo): ControlClient {
  return new ControlClient(findSocket(options, io.env), io.signal);
}

// A person without the right to read the daemon's configuration may still be allowed to ask the daemon.
function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
