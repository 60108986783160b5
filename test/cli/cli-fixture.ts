import { PassThrough, Readable, Writable } from 'node:stream';
import type { CliIo } from '../../src/cli/cli-io.ts';
import { runCli } from '../../src/cli/program.ts';
import { NOW } from '../api/control-fixture.ts';

/** What a command line printed and ended with. */
export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The world of a test, unless it says otherwise. */
export interface CliWorld extends Partial<Omit<CliIo, 'stdout' | 'stderr'>> {
  /** Prints as to a terminal this wide. */
  readonly columns?: number;
}

/** Output that is kept. */
export class Kept extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 80;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A world with nothing around: no neighbours, an empty environment, the clock of the fixture. */
export function world(changes: CliWorld = {}): CliIo & { readonly stdout: Kept; readonly stderr: Kept } {
  const { columns, ...rest } = changes;
  return {
    stdin: Readable.from([]),
    env: {},
    now: () => NOW,
    signal: new AbortController().signal,
    version: '0.1.0',
    host: {
      pid: 1,
      uid: 0,
      program: { node: '/usr/bin/node', main: '/usr/lib/home-network-guardian/dist/main.js' },
      memoryBytes: () => 0,
      onHangup: () => undefined,
      onUncaught: () => undefined,
    },
    probes: async () => ({ askSuricata: async () => '7.0.10', readKey: async () => undefined, others: [] }),
    replay: async () => {
      throw new Error('no replay in this test');
    },
    ...rest,
    stdout: new Kept(columns),
    stderr: new Kept(columns),
  };
}

/** Runs a command line in this process. */
export async function cli(argv: readonly string[], changes: CliWorld = {}): Promise<CliRun> {
  const io = world(changes);
  const status = await runCli(argv, io);
  return { status, stdout: io.stdout.text, stderr: io.stderr.text };
}

/** A standard input that holds this text. */
export function input(text: string): PassThrough {
  const stream = new PassThrough();
  stream.end(text);
  return stream;
}
