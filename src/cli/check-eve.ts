import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { CheckItem } from '../sidecar/check-probes.ts';
import { checkFolder } from './check-folder.ts';

/** Of this network namespace; the kernel's default of 10 loses events whenever the reader pauses. */
const QLEN_PATH = '/proc/sys/net/unix/max_dgram_qlen';
const WANTED_QLEN = 512;

/** The folder of the database. */
export function checkDataDir(config: Config): CheckItem {
  return checkFolder('data_dir', config.dataDir);
}

/** The socket on which Suricata's events arrive, and what the kernel queues there. */
export function checkEveSocket({ eve }: Config): readonly CheckItem[] {
  const folder = checkFolder('eve.socket folder', dirname(eve.socket));
  const socket = checkSocketFile(eve.socket, eve.socketMode, eve.type);
  return eve.type === 'dgram' ? [folder, socket, checkQueueLength()] : [folder, socket];
}

function checkSocketFile(path: string, wantedMode: number, type: string): CheckItem {
  const name = 'eve.socket';
  const filetype = `Suricata needs "filetype: unix_${type}" and "filename: ${path}" in its eve-log.`;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    return { state: 'warn', name, found: `${path} is not there: the daemon makes it when it runs`, hint: filetype };
  if (!found.isSocket()) return { state: 'bad', name, found: `${path} is no socket`, hint: 'Move it away.' };
  const mode = found.mode & 0o777;
  if (mode === wantedMode) return { state: 'ok', name, found: `${path}, mode ${octal(mode)}, ${type}` };
  return {
    state: 'warn',
    name,
    found: `${path} has mode ${octal(mode)}, want ${octal(wantedMode)}`,
    hint: 'Restart the daemon.',
  };
}

function checkQueueLength(): CheckItem {
  const name = 'max_dgram_qlen';
  const length = readNumber(QLEN_PATH);
  if (length === undefined) return { state: 'warn', name, found: `${QLEN_PATH} cannot be read` };
  if (length >= WANTED_QLEN) return { state: 'ok', name, found: String(length) };
  const hint = `Run "sysctl -w net.unix.max_dgram_qlen=${WANTED_QLEN}" and keep it in /etc/sysctl.d, or use eve.type stream.`;
  return {
    state: 'warn',
    name,
    found: `${length}, want at least ${WANTED_QLEN}: events are lost whenever the reader pauses`,
    hint,
  };
}

function readNumber(path: string): number | undefined {
  try {
    const value = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isNaN(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
