import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { DEFAULT_SID_RANGE } from '../../../src/enforce/suricata/sid-range.ts';
import { SuricataTarget, type SuricataTargetOptions } from '../../../src/enforce/suricata/suricata-target.ts';
import { SILENT } from '../../../src/lib/log.ts';
import { networkNamespace, sendUdp } from '../../support/netns.ts';
import { requires } from '../../support/requirement.ts';
import { alertLines, type LiveSuricata, startSuricata } from '../../support/suricata.ts';
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
    sids: new MemorySidBook(),
    log: SILENT,
    now: Date.now,
    debounceMs: 50,
  };
}

async function house(t: TestContext, changes: Partial<SuricataTargetOptions> = {}): Promise<House> {
  const dir = tempDir(t);
  const netns = await networkNamespace(t);
  const options = { ...optionsIn(dir), ...changes };
  const suricata = await startSuricata(t, { dir, netns, rulesFiles: [options.rulesFile] });
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
  await until(`Suricata logs ${mark}`, () => suricata.events().some(({ dns }) => dns?.rrname === mark));
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
  const outcome = await home.target.drive(desired('first.example', 'second.example'), signal);
  assert.equal(outcome.proved, true);
  assert.equal(home.target.status().reloadPending, true);
  // By the rule over the dataset, since its own waits for the reload.
  assert.deepEqual(await askAndWait(home, 'mark1.example', 'second.example'), ['second.example 1999800']);
  const gone = await home.target.drive(desired('first.example'), signal);
  assert.deepEqual([gone.added, gone.removed], [0, 1]);
  assert.deepEqual(await askAndWait(home, 'mark2.example', 'second.example'), []);
});

test('a rule of its own takes over after the debounced reload, with one alert for one query', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const home = await house(t);
  await home.target.drive(desired('first.example'), signal);
  await home.target.drive(desired('first.example', 'second.example'), signal);
  await until(
    'the reload is done',
    () => !home.target.status().reloadPending && home.target.status().rulesLoaded === 8,
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
