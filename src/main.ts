#!/usr/bin/env node
// First of all: what follows allocates.
import './lib/frugal-heap.ts';
import { fileURLToPath } from 'node:url';
import type { CliIo } from './cli/cli-io.ts';
import { runCli } from './cli/program.ts';
import { programVersion } from './lib/version.ts';
import { createStdoutLog } from './ops/logger.ts';

// The only file that touches the process: its arguments, environment, streams, signals and exit status.

/** A command is done when it says so; what it wrote is flushed well within this. */
const LINGER_MS = 2_000;

/** A second Ctrl-C is meant: nobody should have to wait for a drain. The shell's convention, 128 + SIGINT. */
const EXIT_INTERRUPTED = 130;

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(EXIT_INTERRUPTED);
    ending.abort(signal);
  });
}

// A reader that went away (`guardian export | head`) is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

const harmless: ((error: unknown) => boolean)[] = [];

// A bug: say where, and let systemd start a fresh process. The store is safe at any moment.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    if (harmless.some((isHarmless) => isHarmless(error))) return;
    createStdoutLog('error').error('bug, ending', { err: error });
    process.exit(1);
  });
}

const hangupListeners: (() => void)[] = [];
process.on('SIGHUP', () => {
  // Without a daemon that listens, a closed terminal ends us as it ends everybody.
  if (hangupListeners.length === 0) ending.abort('SIGHUP');
  for (const listener of hangupListeners) listener();
});

const io: CliIo = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  now: Date.now,
  signal: ending.signal,
  version: programVersion(),
  host: {
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    program: { node: process.execPath, main: fileURLToPath(import.meta.url) },
    memoryBytes: () => process.memoryUsage.rss(),
    onHangup: (listener) => void hangupListeners.push(listener),
    onUncaught: (isHarmless) => void harmless.push(isHarmless),
  },
  // Loaded when they are used, since most commands need neither.
  probes: async () => (await import('./sidecar/check-probes-of.ts')).checkProbes(process.env),
  replay: async (options) => (await import('./sidecar/replay-recording.ts')).replayRecording(process.env)(options),
};

process.exitCode = await runCli(process.argv.slice(2), io);
// Whatever still holds the process open (a reader that never reads) gets this long.
setTimeout(() => process.exit(), LINGER_MS).unref();
