import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UnavailableError } from '../../../src/core/errors.ts';
import type { DesiredState } from '../../../src/core/indicator.ts';
import { keyOf } from '../../../src/core/observable.ts';
import { sharedHosting } from '../../../src/core/shared-hosting.ts';
import { LIST_FORMATS } from '../../../src/enforce/lists/list-format.ts';
import { renderList } from '../../../src/enforce/lists/render-list.ts';
import { type NftablesOptions, NftablesTarget } from '../../../src/enforce/nftables/nftables-target.ts';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { desired, indicator, SINCE } from '../suricata/desired.ts';
import { type FirewallNamespace, firewallNamespace, HOOK } from './firewall-namespace.ts';

const NEVER = new AbortController().signal;
const WEEK_S = 7 * 86_400;

const BAD4 = '45.9.148.108';
const OTHER4 = '45.9.148.109';
const BAD6 = '2a0e:b107::1';

function targetIn({ command }: { command: readonly string[] }, changes: Partial<NftablesOptions> = {}): NftablesTarget {
  const names = { table: 'inet guardian', set4: 'bad4', set6: 'bad6' };
  return new NftablesTarget({ ...names, command, whyShared: sharedHosting, now: () => SINCE, ...changes });
}

/** A test in an empty firewall of its own. */
function inFirewall(name: string, body: (firewall: FirewallNamespace, t: TestContext) => Promise<void>): void {
  test(`nftables: ${name}`, async (t) => {
    if (!requires(t, 'netns', 'nftables')) return;
    await body(await firewallNamespace(t), t);
  });
}

inFirewall(
  'addresses stand in the sets with their end and who said so, read back from the kernel',
  async (firewall) => {
    const outcome = await targetIn(firewall).drive(desired(BAD4, BAD6), NEVER);
    assert.deepEqual([outcome.added, outcome.removed, outcome.proved, outcome.failed.size], [2, 0, true, 0]);
    const bad4 = await firewall.elements('bad4');
    assert.deepEqual([...bad4.keys()], [BAD4]);
    assert.equal(bad4.get(BAD4)?.timeout, WEEK_S);
    assert.equal(bad4.get(BAD4)?.comment, 'guardian virustotal 12/92');
    assert.deepEqual([...(await firewall.elements('bad6')).keys()], [BAD6]);
  },
);

inFirewall('a second drive changes nothing, and neither does a target that is new', async (firewall) => {
  const state = desired(BAD4, BAD6);
  await targetIn(firewall).drive(state, NEVER);
  const before = await firewall.ruleset();
  const again = await targetIn(firewall).drive(state, NEVER);
  assert.deepEqual([again.added, again.removed, again.proved], [0, 0, true]);
  assert.equal(await firewall.ruleset(), before);
});

inFirewall('a preview says what a drive would do, and does not do it', async (firewall) => {
  const target = targetIn(firewall);
  assert.deepEqual(await target.preview(desired(BAD4)), { add: [`ip:${BAD4}`], remove: [] });
  assert.equal(await firewall.ruleset(), '');
  await target.drive(desired(BAD4), NEVER);
  assert.deepEqual(await target.preview(desired(OTHER4)), { add: [`ip:${OTHER4}`], remove: [`ip:${BAD4}`] });
  assert.deepEqual([...(await firewall.elements('bad4')).keys()], [BAD4]);
});

inFirewall('what is no longer wanted goes, and a drive to nothing leaves no address of ours', async (firewall) => {
  const target = targetIn(firewall);
  await target.drive(desired(BAD4, BAD6), NEVER);
  const outcome = await target.drive(desired(OTHER4), NEVER);
  assert.deepEqual([outcome.added, outcome.removed, outcome.proved], [1, 2, true]);
  assert.deepEqual([...(await firewall.elements('bad4')).keys()], [OTHER4]);
  assert.equal((await target.drive(new Map(), NEVER)).removed, 1);
  assert.equal((await firewall.elements('bad4')).size, 0);
  assert.equal((await firewall.elements('bad6')).size, 0);
});

inFirewall('where nothing is wanted nothing is made', async (firewall) => {
  assert.equal((await targetIn(firewall).drive(new Map(), NEVER)).proved, true);
  assert.equal(await firewall.ruleset(), '');
});

inFirewall('a flush, a deleted table and a deleted element are put right by the next drive', async (firewall) => {
  const target = targetIn(firewall);
  const state = desired(BAD4, OTHER4, BAD6);
  const harms = [
    ['flush', 'ruleset'],
    ['delete', 'table', 'inet', 'guardian'],
    ['flush', 'set', 'inet', 'guardian', 'bad4'],
    ['delete', 'set', 'inet', 'guardian', 'bad6'],
    ['delete', 'element', 'inet', 'guardian', 'bad4', `{ ${BAD4} }`],
  ];
  await target.drive(state, NEVER);
  for (const harm of harms) {
    await firewall.nft(...harm);
    const outcome = await target.drive(state, NEVER);
    assert.ok(outcome.added > 0 && outcome.proved, harm.join(' '));
    assert.equal((await firewall.elements('bad4')).size, 2, harm.join(' '));
    assert.deepEqual([...(await firewall.elements('bad6')).keys()], [BAD6], harm.join(' '));
  }
});

inFirewall('an element ends by itself when its evidence does', async (firewall) => {
  const state = desired(indicator(BAD4, { expiresAt: SINCE + 1_500 }), OTHER4);
  await targetIn(firewall).drive(state, NEVER);
  assert.equal((await firewall.elements('bad4')).get(BAD4)?.timeout, 1);
  await until('the kernel has let it go', async () => !(await firewall.elements('bad4')).has(BAD4));
  assert.deepEqual([...(await firewall.elements('bad4')).keys()], [OTHER4]);
});

inFirewall('what ended already is not put in, and nothing failed', async (firewall) => {
  const outcome = await targetIn(firewall).drive(desired(indicator(BAD4, { expiresAt: SINCE })), NEVER);
  assert.deepEqual([outcome.added, outcome.proved, outcome.failed.size], [0, true, 0]);
});

inFirewall('a block that is renewed gets its new end, and one without an end the longest', async (firewall) => {
  const target = targetIn(firewall);
  await target.drive(desired(BAD4, OTHER4), NEVER);
  const renewed = await target.drive(
    desired(
      indicator(BAD4, { expiresAt: SINCE + 14 * 86_400_000 }),
      indicator(OTHER4, { expiresAt: Number.MAX_SAFE_INTEGER }),
    ),
    NEVER,
  );
  assert.deepEqual([renewed.added, renewed.removed, renewed.proved], [0, 0, true]);
  const elements = await firewall.elements('bad4');
  assert.equal(elements.get(BAD4)?.timeout, 2 * WEEK_S);
  assert.equal(elements.get(OTHER4)?.timeout, 365 * 86_400);
});

inFirewall("others' tables and elements are never touched, also where they are what we want", async (firewall) => {
  const target = targetIn(firewall);
  await firewall.nft('add table inet filter { set bad4 { type ipv4_addr; elements = { 45.9.148.110 }; }; }');
  const theirs = await firewall.ruleset();
  await target.drive(desired(BAD4), NEVER);
  await firewall.nft('add', 'element', 'inet', 'guardian', 'bad4', `{ ${OTHER4}, 45.9.148.111 timeout 1h }`);
  const outcome = await target.drive(desired(BAD4, OTHER4), NEVER);
  assert.deepEqual([outcome.added, outcome.removed, outcome.proved], [0, 0, true]);
  await target.drive(new Map(), NEVER);
  assert.deepEqual([...(await firewall.elements('bad4')).keys()].sort(), [OTHER4, '45.9.148.111']);
  await target.withdraw(NEVER);
  assert.equal(await firewall.ruleset(), theirs);
});

inFirewall("in a user's own table the sets are filled, and withdrawing leaves the table", async (firewall) => {
  const target = targetIn(firewall, { table: 'inet filter' });
  await firewall.nft('add table inet filter { chain input { type filter hook input priority 0; }; }');
  await target.drive(desired(BAD4), NEVER);
  assert.match(await firewall.ruleset(), /set bad4 \{[^}]*45\.9\.148\.108/);
  await target.withdraw(NEVER);
  const left = await firewall.ruleset();
  assert.match(left, /hook input/);
  assert.doesNotMatch(left, /45\.9\.148\.108/);
});

inFirewall('an exported list loads beside it, and what it put in is taken over and taken out', async (firewall, t) => {
  const target = targetIn(firewall);
  const state = desired(BAD4, BAD6);
  await target.drive(desired(BAD4), NEVER);
  const format = LIST_FORMATS.get('nftables');
  assert.ok(format);
  const list = join(tempDir(t), 'guardian-list.nft');
  // A private address comes from no policy of ours, and must be gone all the same.
  writeFileSync(list, renderList(format, desired(BAD4, OTHER4, BAD6, '10.0.0.1'), 'test'));
  await firewall.nft('-f', list);
  assert.equal((await firewall.elements('bad4')).size, 3);
  await target.drive(state, NEVER);
  assert.equal((await firewall.elements('bad4')).get(BAD4)?.timeout, WEEK_S);
  assert.deepEqual([...(await firewall.elements('bad4')).keys()], [BAD4]);
});

inFirewall('withdrawing twice, or where nothing is, is no error', async (firewall) => {
  const target = targetIn(firewall);
  await target.withdraw(NEVER);
  await target.drive(desired(BAD4), NEVER);
  await target.withdraw(NEVER);
  await target.withdraw(NEVER);
  assert.equal(await firewall.ruleset(), '');
});

inFirewall(
  'names, URLs and files are no matter of a firewall, nor are addresses that strangers share',
  async (firewall) => {
    const target = targetIn(firewall, {
      whyShared: ({ value }) => (value === OTHER4 ? 'a host that strangers share' : undefined),
    });
    const others = ['evil-one.top', `http://${BAD4}/x`, 'd41d8cd98f00b204e9800998ecf8427e'];
    const outcome = await target.drive(desired(BAD4, OTHER4, ...others), NEVER);
    assert.deepEqual([...outcome.unsupported].sort(), desiredKeys(desired(OTHER4, ...others)));
    assert.deepEqual([...(await firewall.elements('bad4')).keys()], [BAD4]);
    assert.match(outcome.notice ?? '', /45\.9\.148\.109 \(a host that strangers share\)/);
  },
);

inFirewall('private and reserved addresses fail one by one, and do not stop the others', async (firewall) => {
  const refused = ['192.168.1.1', '127.0.0.1', '0.0.0.0', '255.255.255.255', 'fe80::1', 'fd00::1', '::1'];
  const outcome = await targetIn(firewall).drive(desired(BAD4, ...refused), NEVER);
  assert.deepEqual([...(outcome.declined?.keys() ?? [])].sort(), desiredKeys(desired(...refused)));
  assert.deepEqual([...(await firewall.elements('bad4')).keys()], [BAD4]);
  assert.equal((await firewall.elements('bad6')).size, 0);
});

inFirewall('sets that no rule uses are said to drop nothing, until the hook is loaded', async (firewall) => {
  const target = targetIn(firewall);
  const { notice } = await target.drive(desired(BAD4, BAD6), NEVER);
  assert.match(notice ?? '', /no rule uses @bad4 and @bad6/);
  await firewall.nft('-f', HOOK);
  assert.equal((await target.drive(desired(BAD4, BAD6), NEVER)).notice, undefined);
});

inFirewall(
  'the hook is read by nft as it stands, and loading it twice keeps the sets and the number of rules',
  async (firewall) => {
    await firewall.nft('-c', '-f', HOOK);
    assert.equal(await firewall.ruleset(), '');
    await firewall.nft('-f', HOOK);
    await targetIn(firewall).drive(desired(BAD4, BAD6), NEVER);
    const before = await firewall.ruleset();
    await firewall.nft('-f', HOOK);
    assert.equal(await firewall.ruleset(), before);
    await targetIn(firewall).withdraw(NEVER);
    assert.equal(await firewall.ruleset(), '');
  },
);

inFirewall('a set of another kind is refused, with what it should be', async (firewall) => {
  await firewall.nft('add table inet guardian { set bad4 { type ipv4_addr; flags interval; }; }');
  await assert.rejects(targetIn(firewall).drive(desired(BAD4), NEVER), (error) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(
      error.message,
      /Cannot use the set bad4: it has type ipv4_addr, flags interval, want .* flags timeout/,
    );
    return error.hint !== undefined;
  });
});

inFirewall('a set that is full keeps what it holds, and says so', async (firewall) => {
  await firewall.nft('add table inet guardian { set bad4 { type ipv4_addr; flags timeout; size 2; }; }');
  const target = targetIn(firewall);
  await target.drive(desired(BAD4, OTHER4), NEVER);
  const three = desired(BAD4, OTHER4, '45.9.148.110');
  await assert.rejects(target.drive(three, NEVER), /Cannot change the firewall sets/);
  assert.equal((await firewall.elements('bad4')).size, 2);
});

inFirewall('10,000 addresses go in and out in one transaction each', async (firewall) => {
  const many = Array.from({ length: 10_000 }, (_, at) => `45.9.${at >> 8}.${at & 255}`);
  const target = targetIn(firewall);
  const outcome = await target.drive(desired(...many), NEVER);
  assert.deepEqual([outcome.added, outcome.proved], [10_000, true]);
  assert.equal((await firewall.elements('bad4')).size, 10_000);
  assert.equal((await target.drive(new Map(), NEVER)).removed, 10_000);
  assert.equal((await firewall.elements('bad4')).size, 0);
});

inFirewall('without the right to change the firewall, the hint names the capability', async (firewall) => {
  const [program = '', ...words] = firewall.command.slice(0, -1);
  const command = [program, ...words, 'setpriv', '--reuid=65534', '--clear-groups', 'nft'];
  await assert.rejects(targetIn({ command }).drive(desired(BAD4), NEVER), isUnavailable(/CAP_NET_ADMIN/));
});

test('nftables: where nft is not installed, the hint names the package', async () => {
  const command = ['no-such-nft'];
  await assert.rejects(targetIn({ command }).drive(desired(BAD4), NEVER), isUnavailable(/Debian package nftables/));
  await assert.rejects(targetIn({ command }).preview(desired(BAD4)), isUnavailable(/Debian package nftables/));
});

test('nftables: an nft that hangs is ended with the drive', async () => {
  const abort = new AbortController();
  const driving = targetIn({ command: ['sh', '-c', 'exec sleep 1000'] }).drive(desired(BAD4), abort.signal);
  abort.abort();
  await assert.rejects(driving, { name: 'AbortError' });
});

test('nftables: an nft that speaks nonsense is not believed', async () => {
  await assert.rejects(targetIn({ command: ['echo'] }).drive(desired(BAD4), NEVER), isUnavailable(/nft --version/));
});

function isUnavailable(hint: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UnavailableError && hint.test(error.hint ?? '');
}

function desiredKeys(state: DesiredState): readonly string[] {
  return [...state.values()].map((one) => keyOf(one.observable)).sort();
}
