import type { Command } from 'commander';
import type { VerdictDocument } from '../api/verdict-document.ts';
import { UnavailableError } from '../core/errors.ts';
import type { Observable } from '../core/observable.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { AnsweredError, type ControlClient } from './control-client.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { FailedCommand, sayError } from './failure.ts';
import { observableOperand } from './operand.ts';
import { Printer } from './printer.ts';

interface LookupOptions extends DaemonOptions {
  readonly json?: boolean;
  readonly refresh?: boolean;
}

/** The verdict about one operand, and why asking brought no answer where it did not. */
type Found = VerdictDocument & {
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
};

/** The daemon waits 45 s at most for a lookup. */
const TIMEOUT_MS = 50_000;

/** `guardian lookup`. */
export function registerLookup(program: Command, io: CliIo): void {
  const command = program
    .command('lookup')
    .summary('the verdict about observables; asks where nothing is known')
    .description(
      'Prints the verdict about each OBSERVABLE from what is known. Where nothing is known, and with --refresh always, asks the sources, within the share of the allowance that is reserved for people.',
    )
    .argument('<observable...>', 'domain, IPv4 or IPv6 address, URL (http:// or https://), MD5, SHA-1 or SHA-256')
    .option('--refresh', 'ask again although an answer is known')
    .option('--json', 'print one JSON document: {"verdicts": [...]}, in the order of the arguments');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    notes: [
      'Verdict states: malicious, suspicious, noise and clean were judged; not_found (the\nsource has no record) and no_opinion (no engine spoke) acquit nobody; unasked is\neverything else, with last_error when an attempt failed.',
    ],
    exit: { 1: 'failed, or no source has answered about at least one observable' },
    examples: [
      ['guardian lookup example.com', 'the verdict about a domain'],
      ['guardian lookup --refresh 203.0.113.7 https://example.com/a', 'asks again about an address and a URL'],
      ["guardian lookup --json example.com | jq -r '.verdicts[].state'", 'only the state, for a script'],
    ],
  }).action(async (operands: readonly string[], options: LookupOptions) => {
    const observables = operands.map(observableOperand);
    const client = clientOf(options, io);
    const found: Found[] = [];
    // One after the other: each may cost one of the few lookups, and the first refusal of a spent allowance is told for all.
    for (const observable of observables) found.push(await lookUp(observable, options, client, io));
    print(found, options, new Printer(io));
    if (found.some(({ error, state }) => error !== undefined || state === 'unasked')) throw new FailedCommand();
  });
}

async function lookUp(
  observable: Observable,
  options: LookupOptions,
  client: ControlClient,
  io: CliIo,
): Promise<Found> {
  const body = { observable: observable.value, refresh: options.refresh ?? false };
  try {
    const verdict = await client.ask<VerdictDocument>({
      method: 'POST',
      path: '/v1/lookups',
      body,
      timeoutMs: TIMEOUT_MS,
    });
    if (verdict.state === 'unasked') sayError(noAnswer(verdict), io);
    return verdict;
  } catch (error) {
    if (!(error instanceof AnsweredError)) throw error;
    sayError(error, io);
    const path = `/v1/verdicts/${encodeURIComponent(observable.value)}`;
    const known = await client.ask<VerdictDocument>({ method: 'GET', path });
    return { ...known, error: { code: error.code, message: error.message, hint: error.hint ?? '' } };
  }
}

function noAnswer({ observable, last_error: why }: VerdictDocument): UnavailableError {
  const hint = `"guardian explain ${observable}" tells more.`;
  return new UnavailableError(`Cannot look up ${observable}: ${why ?? 'no source was asked'}`, { hint });
}

function print(found: readonly Found[], { json }: LookupOptions, printer: Printer): void {
  if (json === true) {
    printer.json({ verdicts: found });
    return;
  }
  printer.table(
    ['observable', 'state', 'engines', 'blocked', 'why'],
    found.map((verdict) => [
      verdict.observable,
      verdict.state.replace('_', ' '),
      verdict.ratio ?? '-',
      blockText(verdict),
      whyText(verdict),
    ]),
  );
}

// An answer is as old as the analysis in it, so both dates stand there.
function whyText({ policy_line, last_error, last_analysis_at: analysed, asked_at: asked }: VerdictDocument): string {
  const dates = [
    ...(analysed === undefined ? [] : [`analysed ${analysed.slice(0, 10)}`]),
    ...(asked === undefined ? [] : [`asked ${asked.slice(0, 10)}`]),
  ];
  const failure = last_error === undefined ? [] : [`last attempt: ${last_error}`];
  return [policy_line, ...(dates.length === 0 ? [] : [dates.join(', ')]), ...failure].join('; ');
}

function blockText(verdict: VerdictDocument): string {
  if (verdict.held) return 'held for you';
  return verdict.block ? 'yes' : 'no';
}
