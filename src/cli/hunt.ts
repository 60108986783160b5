import { type Command, Option } from 'commander';
import type { HuntDocument } from '../api/hunt.ts';
import { UsageError } from '../core/errors.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import type { ControlClient } from './control-client.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { durationOption } from './duration-option.ts';
import { COLUMNS, cellsOf, fieldsOf, tracesOf } from './hunt-trace.ts';
import { observableOperand } from './operand.ts';
import { Printer } from './printer.ts';

interface HuntOptions extends DaemonOptions {
  readonly json?: boolean;
  readonly since?: string;
}

/** Answers of 1,000 observables each; what turned bad in a home never fills one. */
const MAX_PAGES = 100;

/** `guardian hunt`. */
export function registerHunt(program: Command, io: CliIo): void {
  const command = program
    .command('hunt')
    .summary('which devices ever talked to something bad')
    .description(
      'With an OBSERVABLE: every device that used it, when, how often and by which protocol. Without one: every device that used anything that became malicious later, or since the given time. Looks as far back as sightings are kept (retention.sightings); who had used something when it turned bad is kept for good. Where a central database is shared, the other sensors are asked too.',
    )
    .argument('[observable]', 'domain, IPv4 or IPv6 address, URL (http:// or https://), MD5, SHA-1 or SHA-256')
    .addOption(new Option('--since <duration>', 'only what became malicious within this time, such as 24h or 7d'))
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    examples: [
      ['guardian hunt bad.example.com', 'the devices that used one name'],
      ['guardian hunt --since 7d', 'the devices that used what became malicious this week'],
      [
        "guardian hunt --json | jq -r '.observables[].clients[].client' | sort -u",
        'all devices concerned, for a script',
      ],
    ],
  }).action(async (operand: string | undefined, options: HuntOptions) => {
    if (operand !== undefined && options.since !== undefined)
      throw new UsageError('Cannot hunt: an observable and --since are both given, want one of them');
    const query =
      operand === undefined ? sinceQuery(options.since, io.now()) : { observable: observableOperand(operand).value };
    const found = await huntAll(query, clientOf(options, io));
    const printer = new Printer(io);
    if (options.json === true) printer.json(found);
    else show(found, printer);
  });
}

function sinceQuery(since: string | undefined, now: number): Readonly<Record<string, string>> {
  if (since === undefined) return { limit: '1000' };
  return { limit: '1000', since: new Date(now - durationOption('--since', since, '24h or 7d')).toISOString() };
}

async function huntAll(query: Readonly<Record<string, string>>, client: ControlClient): Promise<HuntDocument> {
  const observables: HuntDocument['observables'][number][] = [];
  let cursor: string | undefined;
  let fleet: HuntDocument['fleet'];
  for (let page = 0; page < MAX_PAGES; page++) {
    const parameters = new URLSearchParams(cursor === undefined ? query : { ...query, cursor });
    const found = await client.ask<HuntDocument>({ method: 'GET', path: `/v1/hunt?${parameters}` });
    observables.push(...found.observables);
    cursor = found.next_cursor;
    // Away once, and the answer is not the whole one.
    fleet = fleet === 'away' ? fleet : found.fleet;
    if (cursor === undefined) break;
  }
  return {
    observables,
    ...(fleet === undefined ? {} : { fleet }),
    ...(cursor === undefined ? {} : { next_cursor: cursor }),
  };
}

function show({ observables, fleet }: HuntDocument, printer: Printer): void {
  const traces = observables.flatMap(tracesOf);
  if (traces.length === 0 && printer.isTerminal) printer.line('No device is known to have used it.');
  else if (printer.isTerminal) printer.table(['observable', 'device', 'used', 'turned bad'], traces.map(cellsOf));
  // The column is there where there are other sensors: a dash is this one.
  else if (fleet === undefined) printer.table(COLUMNS, traces.map(fieldsOf));
  else
    printer.table(
      [...COLUMNS, 'sensor'],
      traces.map((one) => [...fieldsOf(one), one.sensor ?? '-']),
    );
  if (fleet === 'away') printer.paragraph('The central database is away: what other sensors saw is not in it.');
}
