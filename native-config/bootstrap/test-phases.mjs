import { run } from 'node:test';
import { spec as SpecReporter } from 'node:test/reporters';

/** A line of Node's summary, which every phase ends with: a word and a number. */
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

const { phases, timeout } = JSON.parse(process.argv[2]);
const report = new SpecReporter();
report.pipe(process.stdout);

/** Ends the running files with us; without `--test` Node leaves them alone. */
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => abort.abort());

/** What the phases' summaries say, added up, so that the one at the end counts every test. */
const sums = new Map();
for (const { files, concurrency } of phases) {
  if (abort.signal.aborted) break;
  for await (const event of run({ files, concurrency, timeout, signal: abort.signal })) {
    const [, word, number] = event.type === 'test:diagnostic' ? (SUMMARY.exec(event.data.message) ?? []) : [];
    if (word !== undefined && event.data.nesting === 0) sums.set(word, (sums.get(word) ?? 0) + Number(number));
    else report.write(event);
  }
}
for (const [word, sum] of sums) {
  report.write({ type: 'test:diagnostic', data: { nesting: 0, message: `${word} ${sum}` } });
}
report.end();
if (abort.signal.aborted || (sums.get('fail') ?? 1) + (sums.get('cancelled') ?? 1) > 0) process.exitCode = 1;
