import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Clock ticks a second of /proc (`getconf CLK_TCK`): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A process under measurement. All figures are the kernel's own, of the whole process with all its threads. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  #output = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text) => (this.#output = (this.#output + String(text)).slice(-20_000)));
  }

  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** CPU used so far by it and its child processes, in seconds. */
  cpuSeconds(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  }

  /** Memory at present and at most, in bytes, of it and its child processes. */
  memory(): { readonly now: number; readonly peak: number } {
    const fields = this.#pids().map((pid) => readOr(`/proc/${pid}/status`));
    const sum = (name: string) =>
      fields.reduce(
        (total, text) => total + 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0),
        0,
      );
    return { now: sum('VmRSS'), peak: sum('VmHWM') };
  }

  /** Resolves when it has used next to no CPU for a second. */
  async idle(deadlineMs = 120_000): Promise<void> {
    const end = Date.now() + deadlineMs;
    for (let before = this.cpuSeconds(); Date.now() < end; ) {
      await pause(1000);
      const after = this.cpuSeconds();
      if (after - before <= 0.02) return;
      before = after;
    }
  }

  async end(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const hurry = setTimeout(() => this.#child.kill('SIGKILL'), 8000);
    await ended;
    clearTimeout(hurry);
  }

  #pids(): readonly number[] {
    const pid = this.#child.pid ?? 0;
    const children = readOr(`/proc/${pid}/task/${pid}/children`)
      .trim()
      .split(/\s+/)
      .filter((text) => text !== '')
      .map(Number);
    return [pid, ...children];
  }
}

function cpuSecondsOf(pid: number): number {
  // The second field is the program's name in brackets and may hold spaces.
  const fields = readOr(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
