import { createReadStream, statSync } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import cliProgress from 'cli-progress';
import type { Command } from 'commander';
import { documentOf } from '../api/document.ts';
import { OperatorError } from '../core/errors.ts';
import type { ReplaySummary } from '../sidecar/replay-summary.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { Printer } from './printer.ts';

interface ReplayCommandOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly lookups?: boolean;
}

/** Questions that are listed for people; the JSON document has all. */
const MAX_LISTED = 20;

/** `guardian replay`. */
export function registerReplay(program: Command, io: CliIo): void {
  const command = program
    .command('replay')
    .summary('a recorded eve.json through the same pipeline')
    .description(
      'Runs a recorded eve.json through the pipeline of the daemon and sums up what it holds: events, names, the verdicts that are known, and what would be looked up first. Answers come from the cache only, unless --lookups is given. Nothing is published. The same recording, cache and policy give the same decisions.',
    )
    .argument('<file>', 'recording of EVE lines; "-" reads standard input')
    .option('-c, --config <file>', 'configuration whose policy and cache are used')
    .option('--lookups', 'ask about what is unknown, within the allowance')
    .option('--json', 'print one JSON document');
  withHelp(command, {
    examples: [
      ['guardian replay /var/log/suricata/eve.json', 'what the daemon would have made of the log'],
      ['zcat eve.json.gz | guardian replay - --json', 'a compressed log, for a script'],
    ],
  }).action(async (file: string, options: ReplayCommandOptions) => {
    const recording = openRecording(file, io);
    const summary = await io
      .replay({
        input: recording.input,
        ...(options.config === undefined ? {} : { configPath: options.config }),
        lookups: options.lookups ?? false,
        signal: io.signal,
      })
      .finally(recording.close);
    const printer = new Printer(io);
    if (options.json === true) printer.json(documentOf(summary));
    else show(summary, printer);
  });
}

interface Recording {
  readonly input: Readable;
  readonly close: () => void;
}

function openRecording(file: string, io: CliIo): Recording {
  if (file === '-') return { input: io.stdin, close: () => undefined };
  const bytes = sizeOf(file);
  const source = createReadStream(file, { signal: io.signal });
  if (io.stderr.isTTY !== true) return { input: source, close: () => source.destroy() };
  const bar = new cliProgress.SingleBar(
    {
      stream: io.stderr as NodeJS.WritableStream,
      format: '{bar} {percentage}% | {value} of {total} bytes | {eta_formatted} left',
      clearOnComplete: true,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(bytes, 0);
  const input = counting(source, (count) => bar.increment(count));
  const close = (): void => {
    bar.stop();
    source.destroy();
  };
  return { input, close };
}

function counting(source: Readable, advance: (bytes: number) => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      advance(chunk.length);
      done(undefined, chunk);
    },
  });
  source.on('error', (error) => counter.destroy(error));
  return source.pipe(counter);
}

function sizeOf(file: string): number {
  try {
    const found = statSync(file);
    if (found.isFile() || found.isFIFO()) return found.size;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new OperatorError(`Cannot read ${JSON.stringify(file)}: ${code}`, {
      cause,
      hint: 'Name a recorded eve.json, or "-".',
    });
  }
  throw new OperatorError(`Cannot read ${JSON.stringify(file)}: it is no file`, {
    hint: 'Name a recorded eve.json, or "-".',
  });
}

function show(summary: ReplaySummary, printer: Printer): void {
  printer.table(
    ['what', 'name', 'count'],
    [
      ['lines', 'all', String(summary.lines)],
      ['lines', 'malformed', String(summary.malformed)],
      ...rows('event', summary.events),
      ['observables', 'different', String(summary.observables)],
      ...rows('refused', summary.refused),
      ...rows('verdict', new Map(Object.entries(summary.verdicts))),
      ['lookups', 'asked', String(summary.asked)],
      ['lookups', 'would be asked', String(summary.wouldAsk.length)],
    ],
  );
  if (summary.malicious.length > 0)
    printer.table(
      ['malicious'],
      summary.malicious.map((value) => [value]),
    );
  if (summary.wouldAsk.length === 0) return;
  const first = summary.wouldAsk.slice(0, MAX_LISTED);
  printer.table(
    ['would ask about', 'lane', 'score'],
    first.map((one) => [one.observable, one.lane, String(one.score)]),
  );
}

function rows(what: string, counts: ReadonlyMap<string, number>): readonly string[][] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([name, count]) => [what, name, String(count)]);
}
