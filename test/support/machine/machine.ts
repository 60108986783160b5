import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { networkNamespace } from '../netns.ts';
import { tempDir } from '../temp-dir.ts';
import { until } from '../until.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** What a command in the machine printed and ended with. */
export interface MachineRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with a systemd of its own, and nothing started on it but the journal. Ended with the test. */
export interface Machine {
  /** Its files, seen from here: also unix sockets, which may be connected to by this path. */
  at(path: string): string;
  /** Runs a command in it, as root. */
  run(program: string, ...args: readonly string[]): Promise<MachineRun>;
  /** As `run`, and throws with everything that was printed when it fails. */
  must(program: string, ...args: readonly string[]): Promise<string>;
  write(path: string, text: string): void;
  /** Copies a file or folder of this machine into it. */
  copy(from: string, to: string): void;
  /** One property of a unit, as `systemctl show` tells it. */
  property(unit: string, name: string): Promise<string>;
  journal(unit: string): Promise<string>;
}

const BOOT = join(import.meta.dirname, 'boot.sh');
const BOOT_PATIENCE_MS = 90_000;

/** Boots systemd on a copy of `tree` that lives in memory: a whole system's root, this machine's own where absent. Needs root. */
export async function bootMachine(t: TestContext, tree = '/'): Promise<Machine> {
  const netns = await networkNamespace(t);
  const scratch = tempDir(t);
  let output = '';
  // In a mount namespace of its own from the start, so that nothing is left mounted whatever happens.
  const outer = spawn('unshare', ['--mount', 'sh', BOOT, tree, scratch, netns], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [outer.stdout, outer.stderr]) stream.on('data', (text) => (output += String(text)));
  const pid = (): number | undefined => systemdBelow(outer.pid ?? 0);
  t.after(() => end(outer, pid()));
  const init = await until(
    'systemd is up',
    () => {
      if (outer.exitCode !== null) throw new Error(`The machine ended with ${outer.exitCode}: ${output}`);
      return pid();
    },
    BOOT_PATIENCE_MS,
  );
  const machine = machineOf(init);
  await until(
    'systemd has started what every unit needs',
    async () => /^(?:running|degraded)$/m.test((await machine.run('systemctl', 'is-system-running')).stdout),
    BOOT_PATIENCE_MS,
  );
  return machine;
}

function machineOf(init: number): Machine {
  const at = (path: string): string => join(`/proc/${init}/root`, path);
  const run = (program: string, ...args: readonly string[]): Promise<MachineRun> =>
    gather('nsenter', ['-t', String(init), '-m', '-p', '-C', '-u', '-i', '-n', '--', program, ...args]);
  const must = async (program: string, ...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(program, ...args);
    if (status === 0) return stdout;
    throw new Error(`"${[program, ...args].join(' ')}" ended with ${status}:\n${stdout}${stderr}`);
  };
  return {
    at,
    run,
    must,
    write: (path, text) => {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    },
    copy: (from, to) => cpSync(from, at(to), { recursive: true, verbatimSymlinks: true }),
    property: async (unit, name) => (await must('systemctl', 'show', '--value', `--property=${name}`, unit)).trim(),
    journal: (unit) => must('journalctl', '--no-pager', '--output=cat', `--unit=${unit}`),
  };
}

function gather(program: string, args: readonly string[]): Promise<MachineRun> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? 255, stdout, stderr }));
  });
}

/** The process named systemd somewhere below `pid`. */
function systemdBelow(pid: number): number | undefined {
  for (const child of childrenOf(pid)) {
    if (nameOf(child) === 'systemd') return child;
    const found = systemdBelow(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(pid: number): readonly number[] {
  return textOf(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

function nameOf(pid: number): string {
  return textOf(`/proc/${pid}/comm`).trim();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** With process 1 of it, every process of the machine ends; the script around it then removes its control groups. */
async function end(outer: ChildProcess, init: number | undefined): Promise<void> {
  if (outer.exitCode !== null || outer.signalCode !== null) return;
  const gone = new Promise((resolve) => outer.once('exit', resolve));
  if (init === undefined) outer.kill('SIGKILL');
  else process.kill(init, 'SIGKILL');
  await gone;
}
