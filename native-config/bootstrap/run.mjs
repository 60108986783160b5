import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '../..');

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** One key press can reach us twice (from the terminal and through npm); this close together they are one. */
const SAME_SIGNAL_MS = 500;

/** An error that was foreseen: its message stands alone. */
export function foreseen(message, cause) {
  return Object.assign(new Error(message, { cause }), { isForeseen: true });
}

/**
 * Runs a program as if in our place: it has our terminal, gets our signals once, and its exit status is ours.
 * Resolves with its exit status; when a signal ended it, with 128 and the signal's number, as a shell says it.
 */
export function runForeground(program, args, options = {}) {
  const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', ...options });
  const undo = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      undo();
      reject(foreseen(`Cannot run ${program}: ${error.message}`, error));
    });
    child.once('close', (status, signal) => {
      undo();
      resolve(status ?? 128 + constants.signals[signal]);
    });
  });
}

/** Runs a program and gathers what it prints. Resolves with `{ status, output }`; `status` 127 when it cannot be run. */
export function runQuietly(program, args, options = {}) {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  // A detached child is meant to go on whatever happens to us.
  const undo = options.detached === true ? () => {} : forwardSignals(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    const end = (status) => {
      undo();
      resolve({ status, output });
    };
    child.once('error', (error) => {
      output += error.message;
      end(127);
    });
    child.once('close', (status, signal) => end(status ?? 128 + constants.signals[signal]));
  });
}

/** Passes signals on to a child, which also keeps us alive until it has ended. Returns what undoes it. */
function forwardSignals(child) {
  let last = { signal: '', at: 0 };
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the child as well, since it is in the same process group.
    if (signal === 'SIGINT' && process.stdin.isTTY === true) return;
    const isRepeated = signal === last.signal && Date.now() - last.at < SAME_SIGNAL_MS;
    last = { signal, at: Date.now() };
    if (!isRepeated) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}
