import { type Command, Option } from 'commander';
import type { ReportDocument } from '../api/report-facts.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';
import { clientOf, type DaemonOptions, withDaemonOptions } from './daemon-options.ts';
import { durationOption } from './duration-option.ts';
import { Printer } from './printer.ts';
import { replaceFile } from './replaced-file.ts';

interface ReportOptions extends DaemonOptions {
  readonly since: string;
  readonly html?: string;
  readonly json?: boolean;
}

/** It says which device used what: for whoever made it, until they give it to others. */
const FILE_MODE = 0o600;
const STANDARD_OUTPUT = '-';

/** `guardian report`. */
export function registerReport(program: Command, io: CliIo): void {
  const command = program
    .command('report')
    .summary('what the last days looked like, as a page to keep')
    .description(
      'Shows what was flagged and how sure that is, which devices used it, what is blocked where and when that was proved, the load of Pi-hole and the alerts of Suricata on one axis of time, what was spent, and what cannot be seen. With --html as one page that loads nothing and runs nothing.',
    )
    .addOption(new Option('--since <duration>', 'how far back, such as 24h or 30d').default('7d'))
    .addOption(new Option('--html <file>', 'write the page there (mode 0600); - is standard output').conflicts('json'))
    .option('--json', 'print one JSON document');
  withHelp(withDaemonOptions(command), {
    daemon: true,
    examples: [
      ['guardian report', 'the last seven days, on the terminal'],
      ['guardian report --since 30d --html report.html', 'the last month, as a page'],
      ["guardian report --json | jq '.scans.rows[] | select(.positives > 0)'", 'what is flagged, for a script'],
    ],
  }).action(async (options: ReportOptions) => {
    const since = encodeURIComponent(sinceTime(options.since, io.now()));
    const report = await clientOf(options, io).ask<ReportDocument>({
      method: 'GET',
      path: `/v1/report?since=${since}`,
    });
    const printer = new Printer(io);
    if (options.json === true) printer.json(report);
    else if (options.html === undefined) (await import('./report/report-text.ts')).printReport(report, printer);
    else writePage((await import('./report/page.ts')).reportPage(report), options.html, printer);
  });
}

function writePage(page: string, file: string, printer: Printer): void {
  if (file === STANDARD_OUTPUT) printer.text(page);
  else replaceFile(file, page, FILE_MODE);
}

function sinceTime(since: string, now: number): string {
  return new Date(now - durationOption('--since', since, '24h or 7d')).toISOString();
}
