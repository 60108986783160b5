import { chmod, chown, lstat, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { OperatorError } from '../core/errors.ts';

/** `sun_path` of Linux holds 108 bytes with its final NUL; Suricata cuts a longer path silently. */
const MAX_PATH_BYTES = 107;
/** A daemon that was killed may leave a receiving process that needs a moment to notice. */
const CLAIM_ATTEMPTS = 15;
const CLAIM_PAUSE_MS = 100;

/**
 * Makes `path` free to bind. A socket file on which nobody answers is removed.
 * @throws OperatorError when the path is too long, is no socket, or somebody listens on it.
 */
export async function claimSocketFile(path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > MAX_PATH_BYTES) {
    throw new OperatorError(
      `Cannot listen on "${path}": the path is ${length} bytes long, want at most ${MAX_PATH_BYTES}`,
      { hint: 'Set eve.socket to a shorter path, such as /run/guardian/eve.sock.' },
    );
  }
  for (let attempt = 1; ; attempt++) {
    const file = await lstat(path).catch(notThere);
    if (file === undefined) return;
    if (!file.isSocket()) throw notASocket(path);
    if (!(await isAnswering(path))) break;
    if (attempt === CLAIM_ATTEMPTS) throw inUse(path);
    await new Promise((resolve) => setTimeout(resolve, CLAIM_PAUSE_MS));
  }
  await rm(path, { force: true });
}

/** Sets mode and group of a bound socket, so that Suricata's user may write to it. */
export async function openToSuricata(path: string, mode: number, group: string | undefined): Promise<void> {
  try {
    if (group !== undefined) await chown(path, -1, await groupId(group));
    await chmod(path, mode);
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    throw new OperatorError(`Cannot set mode and group of "${path}": ${messageOf(cause)}`, {
      cause,
      hint: `Run as a member of group "${group ?? 'suricata'}", or set the group of the socket's folder (setgid).`,
    });
  }
}

/** Something is bound to the path: a stream answers, and another kind of socket says that it is of another kind. */
async function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

async function groupId(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  const groups = await readFile('/etc/group', 'utf8');
  const line = groups.split('\n').find((entry) => entry.startsWith(`${group}:`));
  const id = line?.split(':')[2];
  if (id === undefined || !/^\d+$/.test(id)) {
    throw new OperatorError(
      `Cannot give the EVE socket to group "${group}": it is not in /etc/group, want a group or its number`,
      {
        hint: 'Run "getent group" to see the groups of this machine.',
      },
    );
  }
  return Number(id);
}

function notThere(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw new OperatorError(`Cannot look at the EVE socket: ${error.message}`, {
    cause: error,
    hint: 'Check the owner and mode of the folder it lies in.',
  });
}

function notASocket(path: string): OperatorError {
  return new OperatorError(`Cannot listen on "${path}": it is a file, want a socket or nothing there`, {
    hint: 'Move the file away, or set eve.socket to another path.',
  });
}

function inUse(path: string): OperatorError {
  return new OperatorError(`Cannot listen on "${path}": another program listens there, want a free path`, {
    hint: `Run "ss -xlp src ${path}" to see which one; is a second guardian running?`,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
