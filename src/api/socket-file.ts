import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { OperatorError } from '../core/errors.ts';
import { makeFolder } from '../lib/make-folder.ts';

/** The folder is made for our user and group only: who may enter it may try the sockets in it. */
const FOLDER_MODE = 0o750;
const PROBE_TIMEOUT_MS = 1000;

/**
 * Makes a path ready to be bound: its folder exists, and a socket file that a dead process left behind is gone.
 * @throws OperatorError when somebody answers there, or something that is no socket lies there.
 */
export async function clearSocketPath(path: string): Promise<void> {
  makeFolder(dirname(path), FOLDER_MODE);
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isSocket()) {
    const hint = 'Move it away, or name another api.socket in the config.';
    throw new OperatorError(`Cannot listen on "${path}": a file lies there that is no socket`, { hint });
  }
  if (await isAnswered(path)) {
    const hint = 'Another guardian runs: stop it first ("systemctl stop guardian").';
    throw new OperatorError(`Cannot listen on "${path}": another process answers there`, { hint });
  }
  unlinkSync(path);
}

/** Whether a process listens at `path`, or may. */
export async function isListenedOn(path: string): Promise<boolean> {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true && (await isAnswered(path));
}

/** Whether a process listens. Anything but a plain refusal counts as yes: a live socket must never be taken away. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'));
  });
}
