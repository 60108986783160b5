import type { DesiredState } from '../../src/core/indicator.ts';
import { askDns } from '../../src/enforce/pihole/dns-question.ts';
import { desired } from '../enforce/suricata/desired.ts';
import { networkNamespace } from '../support/netns.ts';
import { until } from '../support/until.ts';
import { Ending } from './enforce/ending.ts';
import { type House, Site } from './enforce/house.ts';
import { row, spread, timed } from './enforce/rows.ts';
import { reloadMs, rssAnewMb, rssMb, rulePerName } from './enforce/suricata-weight.ts';
import { machine } from './support/table.ts';

/** Verdicts one after the other, each waited for. */
const SINGLE = 200;
const BURST = 1000;
const MANY = 100_000;
/** A rule per name is loaded for this many and extrapolated: 100,000 take most of a minute, and Suricata 633 MB. */
const RULES_MEASURED = 10_000;
const STALL_MS = 60;
const FORGOTTEN = 5;
const NEVER = new AbortController().signal;

/** Each verdict is waited for before the next comes. */
async function oneByOne(house: House, target: string, prefix: string, before?: (name: string) => Promise<unknown>) {
  house.watch.reset();
  for (let i = 0; i < SINGLE; i++) {
    const name = `${prefix}-${i}.top`;
    await before?.(name);
    house.arrive(name);
    await house.watch.untilProved(target, i + 1);
  }
  return house.watch.tookMs(target);
}

/** All at once, each with a turn of its own, as answers come in by the network. Resolves with the time until the last was proved everywhere. */
async function burst(house: House, targets: readonly string[], prefix: string): Promise<number> {
  house.watch.reset();
  return timed(async () => {
    for (let i = 0; i < BURST; i++) {
      house.arrive(`${prefix}-${i}.top`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const target of targets) await house.watch.untilProved(target, BURST);
  });
}

async function atSuricata(ending: Ending, netns: string): Promise<void> {
  const site = new Site(ending);
  const { target, suricata } = await site.suricata(netns);
  const house = site.house([target, site.lists()]);
  row('Suricata RSS without its capture ring, nothing published', rssMb(suricata), 'MB');
  house.publisher.start();
  await house.publisher.publish();
  spread('Suricata: report to proof', await oneByOne(house, 'suricata', 'single'), 50, 500);
  row(
    `Suricata and lists: burst of ${BURST}, all proved`,
    await burst(house, ['suricata', 'lists'], 'burst'),
    'ms',
    10_000,
  );
  await house.publisher.stop();

  const state = many(MANY);
  row(`${MANY}: first drive (files, suricata -T, reload, proof)`, await timed(() => target.drive(state, NEVER)), 'ms');
  const more = new Map([...state, ...desired('one-more.top')]);
  row(`${MANY}: file write and reconcile, one name more`, await timed(() => target.drive(more, NEVER)), 'ms', 2000);
  row(`${MANY}: reconcile, nothing changed`, await timed(() => target.drive(more, NEVER)), 'ms', 2000);
  row(`${MANY}: list files, one name more`, await timed(() => site.lists().drive(more)), 'ms', 2000);
  row(`${MANY}: reload by datasets`, await reloadMs(suricata), 'ms', 1000);
  row(`${MANY}: Suricata RSS without its capture ring, by datasets`, await rssAnewMb(suricata), 'MB', 110);
  site.store.transact(() => {
    for (const indicator of state.values()) site.store.indicators.want({ ...indicator, expiresAt: Date.now() + 1e9 });
  });
  house.publisher.start();
  await house.publisher.publish();
  spread(`${MANY}: report to proof at Suricata`, await oneByOne(house, 'suricata', 'among-many'), 50, 500);
  row(
    `${MANY}: burst of ${BURST} more at Suricata and lists`,
    await burst(house, ['suricata', 'lists'], 'more'),
    'ms',
    10_000,
  );
  await house.publisher.stop();
  await suricata.stop();
}

async function atPihole(ending: Ending): Promise<void> {
  const site = new Site(ending);
  const { target, ftl } = await site.pihole();
  const house = site.house([target]);
  house.publisher.start();
  await house.publisher.publish();
  // A client has asked for it, or nobody would have reported on it: what Pi-hole answered then it answers a moment longer.
  const asked = (name: string) => askDns({ host: '127.0.0.1', port: ftl.dns.port }, name, 1, 1000);
  spread('Pi-hole stand-in: report to proof by DNS', await oneByOne(house, 'pihole', 'single', asked), 150);
  row('Pi-hole stand-in: longest stall of DNS asked of it at once', Math.max(...ftl.stalls), 'ms', STALL_MS);
  await house.publisher.stop();

  const fresh = new Site(ending);
  const other = await fresh.pihole();
  const bursting = fresh.house([other.target]);
  bursting.publisher.start();
  await bursting.publisher.publish();
  row(
    `Pi-hole stand-in: burst of ${BURST}, all proved by DNS`,
    await burst(bursting, ['pihole'], 'burst'),
    'ms',
    10_000,
  );
  row('Pi-hole stand-in: longest stall meanwhile', Math.max(...other.ftl.stalls), 'ms', STALL_MS);
  await bursting.publisher.stop();
  for (const violation of [...ftl.violations, ...other.ftl.violations]) throw new Error(`A bad guest: ${violation}`);
}

async function everywhere(ending: Ending, netns: string): Promise<void> {
  const site = new Site(ending);
  const { target, suricata } = await site.suricata(netns);
  const pihole = await site.pihole();
  const firewall = await networkNamespace(ending);
  const house = site.house([target, site.lists(), pihole.target, site.firewall(firewall)]);
  house.publisher.start();
  const took: number[] = [];
  for (let i = 0; i < FORGOTTEN; i++) {
    const words = [`forgotten-${i}.top`, `45.9.148.${i + 1}`];
    for (const word of words) await house.say('block', word);
    for (const word of words) took.push(await timed(() => house.say('forget', word)));
    await until('nothing is held', () => pihole.ftl.domains.rows.length === 0);
  }
  row('forget: no trace in Suricata, lists, Pi-hole and nftables, the slowest', Math.max(...took), 'ms', 2000);
  await house.publisher.stop();
  await suricata.stop();
}

async function comparison(ending: Ending, netns: string): Promise<void> {
  const names = [...many(RULES_MEASURED).values()].map(({ observable }) => observable.value);
  const { reload, rss, idle } = await rulePerName(ending, netns, names);
  const factor = MANY / RULES_MEASURED;
  row(`a rule per name: reload of ${RULES_MEASURED}`, reload, 'ms');
  row(`a rule per name: Suricata RSS with ${RULES_MEASURED}`, rss, 'MB');
  row(`a rule per name: reload of ${MANY}, extrapolated in proportion`, reload * factor, 'ms');
  row(`a rule per name: Suricata RSS with ${MANY}, extrapolated in proportion`, idle + (rss - idle) * factor, 'MB');
}

function many(count: number): DesiredState {
  return desired(...Array.from({ length: count }, (_, i) => `host-${i}.malware-${i % 977}.top`));
}

async function main(): Promise<void> {
  const ending = new Ending();
  try {
    console.log(machine());
    const netns = await networkNamespace(ending);
    await atPihole(ending);
    await everywhere(ending, netns);
    await atSuricata(ending, netns);
    await comparison(ending, netns);
  } finally {
    await ending.end();
  }
}

await main();
