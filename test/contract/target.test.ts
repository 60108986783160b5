import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DesiredState, Indicator } from '../../src/core/indicator.ts';
import { keyOf, type ObservableKey, parseObservable } from '../../src/core/observable.ts';
import { ListFilesTarget } from '../../src/enforce/lists/list-files-target.ts';
import { SuricataTarget } from '../../src/enforce/suricata/suricata-target.ts';
import type { Target } from '../../src/enforce/target.ts';
import { SILENT } from '../../src/lib/log.ts';
import { MemorySidBook } from '../enforce/suricata/memory-sid-book.ts';
import { tempDir } from '../support/temp-dir.ts';

const T0 = 1_700_000_000_000;
const NEVER = new AbortController().signal;

function desired(...names: string[]): DesiredState {
  const state = new Map<ObservableKey, Indicator>();
  for (const name of names) {
    const parsed = parseObservable(name);
    assert.ok(parsed.ok);
    state.set(keyOf(parsed.value), {
      observable: parsed.value,
      subdomains: false,
      source: 'virustotal',
      ratio: '12/92',
      strong: true,
      engines: 12,
      permalink: `https://www.virustotal.com/gui/domain/${name}`,
      since: T0,
      expiresAt: T0 + 1e9,
    });
  }
  return state;
}

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** Every target, in a folder of its own. */
const TARGETS: Readonly<Record<string, (t: TestContext, dir: string) => Target>> = {
  lists: (_t, dir) => new ListFilesTarget({ dir, sensor: 'test', now: Date.now }),
  suricata: (t, dir) => {
    const target = new SuricataTarget({
      commandSocket: join(dir, 'no-suricata-here.sock'),
      binary: 'no-such-suricata',
      config: join(dir, 'suricata.yaml'),
      rulesFile: join(dir, 'rules', 'virustotal-ioc.rules'),
      datasetsDir: join(dir, 'datasets'),
      action: 'alert',
      reload: 'ruleset',
      maxRules: 10,
      sidRange: { first: 1_900_000, last: 1_999_999 },
      allowUnchecked: true,
      pid: process.pid,
      sids: new MemorySidBook(),
      log: SILENT,
      now: () => T0,
    });
    t.after(() => target.stop());
    return target;
  },
};

/** Everything below a folder, path and content, for telling whether anything changed. Locks are no content. */
function snapshot(dir: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const walk = (at: string): void => {
    if (!existsSync(at)) return;
    for (const name of readdirSync(at)) {
      const path = join(at, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (!/lock|previous/.test(name)) files.set(path, readFileSync(path, 'utf8'));
    }
  };
  walk(dir);
  return files;
}

function mentions(dir: string, name: string): boolean {
  const encoded = Buffer.from(name).toString('base64');
  return [...snapshot(dir).values()].some((text) => text.includes(name) || text.split('\n').includes(encoded));
}

for (const [name, create] of Object.entries(TARGETS)) {
  test(`${name}: a drive publishes everything, and a second one changes nothing`, async (t) => {
    const dir = tempDir(t);
    const target = create(t, dir);
    const state = desired('evil-one.top', 'evil-two.icu', '198.51.100.7');
    const first = await target.drive(state, NEVER);
    assert.deepEqual([first.added, first.removed, first.failed.size, first.unsupported.size], [3, 0, 0, 0]);
    const before = snapshot(dir);
    const second = await target.drive(state, NEVER);
    assert.deepEqual([second.added, second.removed], [0, 0]);
    assert.deepEqual(snapshot(dir), before);
  });

  test(`${name}: a new target on the same place takes over what an earlier one published`, async (t) => {
    const dir = tempDir(t);
    const earlier = create(t, dir);
    await earlier.drive(desired('evil-one.top', 'evil-two.icu'), NEVER);
    await (earlier as { stop?: () => Promise<void> }).stop?.();
    const later = create(t, dir);
    assert.deepEqual(await later.preview(desired('evil-two.icu', 'evil-three.xyz')), {
      add: ['domain:evil-three.xyz'],
      remove: ['domain:evil-one.top'],
    });
    const outcome = await later.drive(desired('evil-two.icu', 'evil-three.xyz'), NEVER);
    assert.deepEqual([outcome.added, outcome.removed], [1, 1]);
    assert.equal(mentions(dir, 'evil-one.top'), false);
    assert.equal(mentions(dir, 'evil-three.xyz'), true);
  });

  test(`${name}: a drive to nothing leaves no trace of ours`, async (t) => {
    const dir = tempDir(t);
    const target = create(t, dir);
    await target.drive(desired('evil-one.top', '198.51.100.7'), NEVER);
    assert.equal(mentions(dir, 'evil-one.top'), true);
    await target.drive(new Map(), NEVER);
    assert.equal(mentions(dir, 'evil-one.top'), false);
    assert.equal(mentions(dir, '198.51.100.7'), false);
  });

  test(`${name}: what was changed behind its back is put right`, async (t) => {
    const dir = tempDir(t);
    const target = create(t, dir);
    const state = desired('evil-one.top', 'evil-two.icu');
    await target.drive(state, NEVER);
    await (target as { stop?: () => Promise<void> }).stop?.();
    const other = create(t, dir);
    await other.drive(desired('evil-one.top'), NEVER);
    await (other as { stop?: () => Promise<void> }).stop?.();
    const again = create(t, dir);
    await again.drive(state, NEVER);
    assert.equal(mentions(dir, 'evil-two.icu'), true);
  });
}
