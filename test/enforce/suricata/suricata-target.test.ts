import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { UnavailableError } from '../../../src/core/errors.ts';
import { CommandSocket } from '../../../src/enforce/suricata/command-socket.ts';
import { DEFAULT_SID_RANGE } from '../../../src/enforce/suricata/sid-range.ts';
import { SuricataCommands } from '../../../src/enforce/suricata/suricata-commands.ts';
import { SuricataTarget, type SuricataTargetOptions } from '../../../src/enforce/suricata/suricata-target.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { loadedSet } from '../../support/loaded-set.ts';
import { networkNamespace, sendUdp } from '../../support/netns.ts';
import { requires } from '../../support/requirement.ts';
import { alertLines, type LiveSuricata, nameAskedIn, startSuricata } from '../../support/suricata.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { dnsMessage } from '../../support/wire-message.ts';
import { desired, indicator } from './desired.ts';
import { MemorySidBook } from './memory-sid-book.ts';

const signal = new AbortController().signal;

interface House {
  readonly suricata: LiveSuricata;
  readonly target: SuricataTarget;
  readonly rulesFile: string;
  readonly dir: string;
  readonly ask: (...names: readonly string[]) => Promise<void>;
}

function optionsIn(dir: string): SuricataTargetOptions {
  return {
    commandSocket: join(dir, 'command.sock'),
    binary: 'suricata',
    config: join(dir, 'suricata.yaml'),
    rulesFile: join(dir, 'virustotal-ioc.rules'),
    datasetsDir: join(dir, 'datasets'),
    action: 'alert',
    reload: 'ruleset',
    maxRules: 500,
    sidRange: DEFAULT_SID_RANGE,
    allowUnchecked: false,
    pid: process.pid,
    sids: new MemorySidBook(),
    log: SILENT,
    now: Date.now,
    debounceMs: 50,
  };
}

async function house(
  t: TestContext,
  changes: Partial<SuricataTargetOptions> = {},
  users: readonly string[] = [],
): Promise<House> {
  const dir = tempDir(t);
  const netns = await networkNamespace(t);
  const options = { ...optionsIn(dir), ...changes };
  writeFileSync(join(dir, 'users.rules'), users.join('\n'));
  const rulesFiles = [join(dir, 'users.rules'), options.rulesFile];
  const suricata = await startSuricata(t, { dir, netns, rulesFiles });
  const target = new SuricataTarget(options);
  t.after(() => target.stop());
  const ask = (...names: readonly string[]) =>
    sendUdp(
      netns,
      names.map((name, id) => dnsMessage({ name, id })),
    );
  return { suricata, target, rulesFile: options.rulesFile, dir, ask };
}

/** Asks for a name that nobody lists after the others, so that its record says that theirs are written. */
async function askAndWait(
  { suricata, ask }: House,
  mark: string,
  ...names: readonly string[]
): Promise<readonly string[]> {
  const before = suricata.alerts().length;
  await ask(...names);
  await ask(mark);
  await until(`Suricata logs ${mark}`, () => suricata.events().some((event) => nameAskedIn(event) === mark));
  return alertLines(suricata.alerts().slice(before));
}

test('the first drive has Suricata load the rules, and the next query alerts', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  assert.deepEqual(await askAndWait(home, 'mark1.example', 'evil.example'), []);
  const outcome = await home.target.drive(desired('evil.example'), signal);
  assert.deepEqual([outcome.proved, outcome.added, outcome.notice], [true, 1, undefined]);
  assert.deepEqual(await askAndWait(home, 'mark2.example', 'eViL.example'), ['eViL.example 1900000']);
  assert.equal(home.target.status().rulesFailed, 0);
});

test('an indicator that comes later alerts at once, before any reload, and one that goes stops', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t, { debounceMs: 60_000 });
  await home.target.drive(desired('first.example'), signal);
  // Proof first; its own rule is written, checked and loaded by the drive that follows.
  assert.deepEqual(await home.target.hasten([indicator('second.example')], signal), new Set(['domain:second.example']));
  assert.equal(home.target.status().reloadPending, false);
  // By the rule over the dataset.
  assert.deepEqual(await askAndWait(home, 'mark1.example', 'second.example'), ['second.example 1999800']);
  const outcome = await home.target.drive(desired('first.example', 'second.example'), signal);
  assert.deepEqual([outcome.proved, home.target.status().reloadPending], [true, true]);
  const gone = await home.target.drive(desired('first.example'), signal);
  assert.deepEqual([gone.added, gone.removed], [0, 1]);
  assert.deepEqual(await askAndWait(home, 'mark2.example', 'second.example'), []);
});

test('a rule of its own takes over after the debounced reload, with one alert for one query', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('first.example'), signal);
  const before = home.target.status().rulesLoaded ?? 0;
  await home.target.drive(desired('first.example', 'second.example'), signal);
  await until(
    'the reload is done',
    () => !home.target.status().reloadPending && home.target.status().rulesLoaded === before + 1,
  );
  assert.deepEqual(await askAndWait(home, 'mark.example', 'second.example'), ['second.example 1900001']);
});

test('driving twice changes nothing the second time', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  const wanted = desired('evil.example', '*.wide.example', '198.51.100.66', 'http://x.example/a', 'a'.repeat(64));
  const first = await home.target.drive(wanted, signal);
  assert.deepEqual([first.proved, first.added, first.failed.size], [true, 5, 0]);
  const second = await home.target.drive(wanted, signal);
  assert.deepEqual([second.proved, second.added, second.removed], [true, 0, 0]);
  assert.equal(home.target.status().reloadPending, false);
});

test('the empty state leaves no indicator in any file', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('evil.example'), signal);
  await home.target.drive(desired('evil.example', '*.wide.example'), signal);
  await home.target.drive(desired(), signal);
  assert.doesNotMatch(readFileSync(home.rulesFile, 'utf8'), /evil|wide/);
  assert.equal(readFileSync(join(home.dir, 'datasets', 'guardian-domains.lst'), 'utf8'), '');
  assert.equal(existsSync(`${home.rulesFile}.previous`), false);
  await until('the reload is done', () => !home.target.status().reloadPending);
  assert.deepEqual(await askAndWait(home, 'mark.example', 'evil.example', 'a.wide.example'), []);
});

test('Suricata restarted is noticed, and what was published is still there', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('evil.example'), signal);
  await home.suricata.stop();
  const away = await home.target.drive(desired('evil.example', 'late.example'), signal);
  assert.equal(away.proved, false);
  assert.match(away.notice ?? '', /proof waits for Suricata/);
  await home.suricata.start();
  const back = await home.target.drive(desired('evil.example', 'late.example'), signal);
  assert.deepEqual([back.proved, back.added, back.notice], [true, 0, undefined]);
  assert.deepEqual(await askAndWait(home, 'mark.example', 'late.example'), ['late.example 1900001']);
});

test('a rules file that suricata.yaml does not name is told, and not reloaded again and again', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t, { rulesFile: join(tempDir(t), 'elsewhere.rules') });
  const other = new SuricataTarget({ ...optionsIn(home.dir), rulesFile: join(tempDir(t), 'unnamed.rules') });
  t.after(() => other.stop());
  const outcome = await other.drive(desired('evil.example'), signal);
  assert.equal(outcome.proved, false);
  assert.match(outcome.notice ?? '', /add it under rule-files/);
  const reloadedAt = other.status().lastReloadAt;
  await other.drive(desired('evil.example'), signal);
  assert.equal(other.status().lastReloadAt, reloadedAt);
});

test('a feed of thousands comes by one reload', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired(), signal);
  const many = Array.from({ length: 3000 }, (_, at) => indicator(`n${at}.example`, { strong: false, engines: 5 }));
  const outcome = await home.target.drive(desired(...many), signal);
  assert.deepEqual([outcome.proved, outcome.added, outcome.failed.size], [true, 3000, 0]);
  assert.equal((await askAndWait(home, 'mark.example', 'n2999.example')).length, 1);
});

test('rules that pass the check and still do not load go back to the previous ones, and are not tried again', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const taken = 'alert dns any any -> any any (msg:"taken"; dns.query; content:"taken.example"; sid:1900001; rev:9;)';
  const home = await house(t, {}, [taken]);
  await home.target.drive(desired('evil.example'), signal);
  const good = readFileSync(home.rulesFile, 'utf8');
  await home.target.drive(desired('evil.example', 'second.example'), signal);
  await home.target.drive(desired('evil.example', 'second.example'), signal);
  await until('the reload was in vain', () => home.target.status().problem);
  assert.equal(readFileSync(home.rulesFile, 'utf8'), good);
  const outcome = await home.target.drive(desired('evil.example', 'second.example'), signal);
  assert.equal(outcome.proved, false);
  assert.match(outcome.notice ?? '', /the previous rules are back/);
  assert.equal(home.target.status().reloadPending, false);
  const lines = await askAndWait(home, 'mark.example', 'evil.example', 'second.example');
  assert.deepEqual(lines, ['evil.example 1900000', 'second.example 1999800']);
});

test('a broken rule of the user is none of our business', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t, {}, ['alert nonsense']);
  const outcome = await home.target.drive(desired('evil.example'), signal);
  assert.deepEqual([outcome.proved, outcome.notice], [true, undefined]);
  assert.equal(home.target.status().rulesFailed, 1);
});

test('with reload none, additions are live and a person is told what waits', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('evil.example'), signal);
  await home.target.stop();
  const shy = new SuricataTarget({ ...optionsIn(home.dir), reload: 'none' });
  t.after(() => shy.stop());
  const outcome = await shy.drive(desired('evil.example', 'second.example'), signal);
  assert.equal(outcome.proved, false);
  assert.match(outcome.notice ?? '', /reload is none/);
  assert.deepEqual(await askAndWait(home, 'mark.example', 'second.example'), ['second.example 1999800']);
});

test('without suricata to check them, rules are not put in place unless that is allowed', async (t) => {
  const dir = tempDir(t);
  const options = { ...optionsIn(dir), binary: join(dir, 'no-such-suricata') };
  const strict = new SuricataTarget(options);
  const outcome = await strict.drive(desired('evil.example', 'http://x.example/a'), signal);
  await strict.stop();
  assert.equal(existsSync(options.rulesFile), false);
  assert.match(outcome.failed.get('url:http://x.example/a') ?? '', /could not be checked/);
  assert.match(outcome.notice ?? '', /ENOENT/);
  const lenient = new SuricataTarget({ ...options, allowUnchecked: true });
  await lenient.drive(desired('evil.example'), signal);
  await lenient.stop();
  assert.match(readFileSync(options.rulesFile, 'utf8'), /evil\.example/);
});

test('preview says what a drive would change, and changes nothing', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const target = new SuricataTarget(optionsIn(dir));
  t.after(() => target.stop());
  await target.drive(desired('old.example', 'stays.example', 'http://x.example/a'), signal);
  const before = readFileSync(join(dir, 'virustotal-ioc.rules'), 'utf8');
  const { add, remove } = await target.preview(desired('new.example', 'stays.example'));
  assert.deepEqual(
    [add, [...remove].sort()],
    [['domain:new.example'], ['domain:old.example', 'url:http://x.example/a']],
  );
  assert.equal(readFileSync(join(dir, 'virustotal-ioc.rules'), 'utf8'), before);
});

test('a second guardian on one rules file is refused', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const first = new SuricataTarget(optionsIn(dir));
  await first.start();
  const second = new SuricataTarget(optionsIn(dir));
  await assert.rejects(second.start(), /one guardian for one rules file/);
  await first.stop();
  await second.start();
  await second.stop();
});

test('a run after a crash knows what is published, and takes back what is no longer wanted', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t, { debounceMs: 60_000 });
  await home.target.drive(desired('evil.example', 'gone.example'), signal);
  // What a kill -9 leaves: the lock of a process that is no more.
  writeFileSync(`${home.rulesFile}.lock`, '4194305 never/1\n');
  const next = new SuricataTarget(optionsIn(home.dir));
  t.after(() => next.stop());
  const outcome = await next.drive(desired('evil.example'), signal);
  assert.deepEqual([outcome.added, outcome.removed], [0, 1]);
  await until('the reload is done', () => !next.status().reloadPending && next.status().rulesLoaded !== undefined);
  assert.deepEqual(await askAndWait(home, 'mark.example', 'gone.example'), []);
});

test('entries that somebody took out of the running sets are found missing and put back', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t, { maxRules: 0 });
  await home.target.drive(desired('evil.example', '198.51.100.66'), signal);
  const socket = new CommandSocket(home.suricata.commandSocket);
  t.after(() => socket.close());
  const commands = new SuricataCommands(socket);
  assert.equal(await commands.datasetRemove(await loadedSet(commands, 'domains'), 'evil.example'), 'removed');
  assert.deepEqual(await askAndWait(home, 'mark1.example', 'evil.example'), []);
  const outcome = await home.target.drive(desired('evil.example', '198.51.100.66'), signal);
  assert.deepEqual([outcome.proved, outcome.failed.size], [true, 0]);
  assert.deepEqual(await askAndWait(home, 'mark2.example', 'evil.example'), ['evil.example 1999800']);
});

test('folders that cannot be written are unavailability, in words', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'file'), '');
  const target = new SuricataTarget({ ...optionsIn(dir), datasetsDir: join(dir, 'file', 'datasets') });
  await assert.rejects(target.drive(desired('evil.example'), signal), (error: unknown) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(error.hint ?? '', /datasets_dir/);
    return true;
  });
  await target.stop();
});

test('100,000 indicators are published to a running Suricata and proved', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired(), signal);
  const many = Array.from({ length: 100_000 }, (_, at) => indicator(`n${at}.example`, { strong: false, engines: 5 }));
  const begun = performance.now();
  const outcome = await home.target.drive(desired(...many), signal);
  t.diagnostic(`the whole drive took ${Math.round(performance.now() - begun)} ms`);
  assert.deepEqual([outcome.proved, outcome.added], [true, 100_000]);
  const socket = new CommandSocket(home.suricata.commandSocket);
  t.after(() => socket.close());
  const before = performance.now();
  await new SuricataCommands(socket).reloadRules();
  t.diagnostic(`a reload took ${Math.round(performance.now() - before)} ms`);
  const again = performance.now();
  await home.target.drive(desired(...many, indicator('one-more.example')), signal);
  t.diagnostic(`one more took ${Math.round(performance.now() - again)} ms`);
  assert.equal((await askAndWait(home, 'mark.example', 'one-more.example', 'n99999.example')).length, 2);
});

test('what waited for a reload is proved when a restart brought it', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('evil.example'), signal);
  await home.suricata.stop();
  const wanted = desired('evil.example', 'http://x.example/a', 'b'.repeat(64));
  await home.target.drive(wanted, signal);
  await home.suricata.start();
  const outcome = await home.target.drive(wanted, signal);
  assert.deepEqual([outcome.proved, outcome.notice, home.target.status().problem], [true, undefined, undefined]);
});

test('a URL is proved only after the reload that brings its rule', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t, { debounceMs: 200 });
  await home.target.drive(desired('evil.example'), signal);
  const wanted = desired('evil.example', 'http://x.example/a');
  const first = await home.target.drive(wanted, signal);
  assert.deepEqual([first.proved, first.added], [false, 1]);
  await until('the reload is done', () => !home.target.status().reloadPending);
  await until('it is proved', async () => (await home.target.drive(wanted, signal)).proved);
});

test('a drive that was given up is made good by the next one', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('evil.example'), signal);
  const wanted = desired('evil.example', 'second.example');
  await assert.rejects(home.target.drive(wanted, AbortSignal.abort(new Error('enough'))), /enough/);
  const outcome = await home.target.drive(wanted, signal);
  assert.equal(outcome.proved, true);
  assert.deepEqual(await askAndWait(home, 'mark.example', 'second.example'), ['second.example 1900001']);
});

/** Complains about one rule in the words of `suricata -T`: nothing canonical is known that the real one refuses. */
const PICKY = `#!/bin/sh
for file; do :; done
lines=$(grep -n '^alert.*picked.example' "$file" | cut -d: -f1)
for line in $lines; do
  echo "Error: detect-parse: not this one" >&2
  echo "Error: detect: error parsing signature \\"alert\\" from file $file at line $line" >&2
done
[ -z "$lines" ] || exit 1
echo "Info: detect: 1 rule files processed. 1 rules successfully loaded, 0 rules failed, 0"
`;

test('a rule that Suricata refuses is left out, and the others are put in place', async (t) => {
  const dir = tempDir(t);
  const binary = join(dir, 'picky');
  writeFileSync(binary, PICKY, { mode: 0o755 });
  const target = new SuricataTarget({ ...optionsIn(dir), binary });
  t.after(() => target.stop());
  const outcome = await target.drive(desired('evil.example', 'picked.example', 'http://picked.example/a'), signal);
  const rules = readFileSync(join(dir, 'virustotal-ioc.rules'), 'utf8');
  assert.match(rules, /sid:1900000/);
  assert.doesNotMatch(rules, /picked/);
  // The domain still stands in the dataset; the URL had nothing but its rule.
  assert.deepEqual([...(outcome.declined?.keys() ?? [])], ['url:http://picked.example/a']);
  assert.match(readFileSync(join(dir, 'datasets', 'guardian-domains.lst'), 'utf8'), /cGlja2VkLmV4YW1wbGU=/);
});
