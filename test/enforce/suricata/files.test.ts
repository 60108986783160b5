import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { appendDataset, readDataset, writeDataset } from '../../../src/enforce/suricata/dataset-file.ts';
import { planPublication } from '../../../src/enforce/suricata/publication.ts';
import { checkRules } from '../../../src/enforce/suricata/rules-check.ts';
import { RulesLock } from '../../../src/enforce/suricata/rules-lock.ts';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { desired, indicator } from './desired.ts';
import { publicationIn, publishTo, rulesFileIn } from './published.ts';

test('a dataset of strings is base64 a line with a final newline; others are plain', async (t) => {
  const dir = tempDir(t);
  const path = join(dir, 'a.lst');
  await writeDataset(path, 'string', ['evil.example']);
  await appendDataset(path, 'string', ['bad.example']);
  assert.equal(readFileSync(path, 'utf8'), 'ZXZpbC5leGFtcGxl\nYmFkLmV4YW1wbGU=\n');
  assert.deepEqual([...((await readDataset(path, 'string')) ?? [])], ['evil.example', 'bad.example']);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  await writeDataset(path, 'ip', ['2001:db8::1', '192.0.2.1']);
  assert.equal(readFileSync(path, 'utf8'), '2001:db8::1\n::ffff:192.0.2.1\n');
  assert.deepEqual(await readDataset(path, 'ip'), new Set(['2001:db8::1', '192.0.2.1']));
});

test('a dataset file that is missing or torn by a crash is read as not there', async (t) => {
  const path = join(tempDir(t), 'a.lst');
  assert.equal(await readDataset(path, 'string'), undefined);
  writeFileSync(path, 'ZXZpbC5leGFtcGxl\nYmFk');
  assert.equal(await readDataset(path, 'string'), undefined);
});

test('rules broken on purpose are never put in place, and what is wrong is said by line', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const { rules } = await publishTo(dir, desired('evil.example'));
  const good = readFileSync(rules, 'utf8');
  for (const broken of [`${good}alert nonsense\n`, 'rubbish\n', good.replace('sid:1900000', 'sid:0'), '\u0001\n']) {
    const put = await rulesFileIn(dir).put(broken, true);
    assert.equal(put.outcome, 'refused');
    assert.equal(readFileSync(rules, 'utf8'), good);
    assert.equal(existsSync(`${rules}.candidate`), false);
  }
  const put = await rulesFileIn(dir).put(good.replace('sid:1900000', 'sid:0'), true);
  assert.ok(put.outcome === 'refused' && put.lines[0] === 4, JSON.stringify(put));
});

test('an empty rules file does not pass for a good one', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const { rules } = await publishTo(dir, desired('evil.example'));
  assert.equal((await rulesFileIn(dir).put('', true)).outcome, 'refused');
  assert.match(readFileSync(rules, 'utf8'), /evil/);
});

test('the previous rules stay beside the new ones and can be put back, with their datasets', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const { rules } = await publishTo(dir, desired('first.example'));
  const first = readFileSync(rules, 'utf8');
  await publishTo(dir, desired('second.example'));
  assert.equal(readFileSync(`${rules}.previous`, 'utf8'), first);
  const own = join(dir, 'datasets', 'guardian-own-domains.lst');
  assert.deepEqual([...((await readDataset(own, 'string')) ?? [])], ['second.example']);
  assert.equal(await rulesFileIn(dir).restore(), true);
  assert.equal(readFileSync(rules, 'utf8'), first);
  assert.deepEqual([...((await readDataset(own, 'string')) ?? [])], ['first.example']);
  assert.equal(statSync(rules).mode & 0o777, 0o644);
  assert.equal(await rulesFileIn(dir).restore(), false);
});

test('the check never looks into the configuration of the user, and works without it', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  mkdirSync(join(dir, 'etc'));
  writeFileSync(join(dir, 'etc', 'suricata.yaml'), 'this is: [not yaml');
  const { rules } = await publishTo(dir, desired('evil.example'));
  const check = await checkRules(rules, { binary: 'suricata', config: join(dir, 'etc', 'suricata.yaml') });
  assert.deepEqual(check, { outcome: 'passed', rules: 7 });
});

test('a check without the program is an outcome of its own', async (t) => {
  const check = await checkRules(join(tempDir(t), 'x.rules'), {
    binary: '/nowhere/suricata',
    config: '/nowhere/x.yaml',
  });
  assert.equal(check.outcome, 'unchecked');
});

test('a lock of a dead process is taken over, one of a living process is not', async (t) => {
  const rules = join(tempDir(t), 'x.rules');
  writeFileSync(`${rules}.lock`, '4194305 no-boot/1\n');
  const lock = new RulesLock(rules, process.pid);
  await lock.acquire();
  await assert.rejects(new RulesLock(rules, process.pid).acquire(), new RegExp(`process ${process.pid} holds it`));
  await lock.release();
  assert.equal(existsSync(`${rules}.lock`), false);
  // The same number in an earlier boot: another process.
  writeFileSync(`${rules}.lock`, `${process.pid} earlier-boot/1\n`);
  await lock.acquire();
  await lock.release();
});

test('100,000 indicators are planned and written, and Suricata accepts them', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const many = Array.from({ length: 100_000 }, (_, at) =>
    indicator(`name-${at}.example`, { strong: false, engines: 5 }),
  );
  const wanted = desired(...many);
  const begun = performance.now();
  const plan = planPublication(wanted, publicationIn(dir));
  const planned = performance.now();
  await writeDataset(join(dir, 'all.lst'), 'string', plan.sets.domains.keys());
  const written = performance.now();
  t.diagnostic(`planned in ${Math.round(planned - begun)} ms, written in ${Math.round(written - planned)} ms`);
  const { put } = await publishTo(dir, wanted);
  t.diagnostic(`published with suricata -T in ${Math.round(performance.now() - written)} ms`);
  assert.deepEqual(put, { outcome: 'put' });
});

test('links that somebody put beside the rules are replaced and not followed', async (t) => {
  if (!requires(t, 'suricata')) return;
  const dir = tempDir(t);
  const { rules } = await publishTo(dir, desired('first.example'));
  const precious = join(dir, 'precious');
  writeFileSync(precious, 'mine');
  for (const end of ['.previous', '.previous.new', '.candidate']) {
    rmSync(rules + end, { force: true });
    symlinkSync(precious, rules + end);
  }
  const first = readFileSync(rules, 'utf8');
  await publishTo(dir, desired('second.example'));
  assert.equal(readFileSync(precious, 'utf8'), 'mine');
  assert.equal(readFileSync(`${rules}.previous`, 'utf8'), first);
  assert.ok(lstatSync(`${rules}.previous`).isFile());
});
