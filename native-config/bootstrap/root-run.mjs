import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runQuietly } from './run.mjs';

/** Another apt may be at work (unattended upgrades at boot): how long it is waited for, and how often it is tried. */
const LOCK_WAIT_MS = 180_000;
const LOCK_RETRY_MS = 5_000;

const LOCKED = /Could not get lock|Unable to (?:acquire|lock)|is another process using it/;

/** Whether commands can be run as root without asking anybody. */
export function canBeRoot() {
  return process.getuid?.() === 0 || spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

/** Runs a command as root, directly or through sudo. Resolves with `{ status, output }`. */
export function asRoot(program, args, options = {}) {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', program, ...args];
  const [first, ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  return runQuietly(first, rest, options);
}

/** Runs apt-get as root, and waits while another apt holds its locks. */
export async function aptGet(args) {
  const endsAt = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const result = await asRoot('apt-get', ['-o', 'DPkg::Lock::Timeout=60', '-o', 'Acquire::Retries=3', ...args]);
    if (result.status !== 100 || !LOCKED.test(result.output) || Date.now() > endsAt) return result;
    console.log('Waiting for another apt to finish.');
    await pause(LOCK_RETRY_MS);
  }
}

/** Writes a file as root. */
export async function writeAsRoot(path, text, mode) {
  const folder = mkdtempSync(join(tmpdir(), 'guardian-'));
  try {
    writeFileSync(join(folder, 'file'), text);
    return (await asRoot('install', ['-m', mode, join(folder, 'file'), path])).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
