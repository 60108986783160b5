import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExplanationDocument } from '../../src/api/explanation.ts';
import type { StatusDocument } from '../../src/api/status-facts.ts';
import { VirusTotalStandIn } from '../../src/cli/demo/virustotal-stand-in.ts';
import { type startFleetServer, WRITER } from '../central/fleet-fixture.ts';
import { DAEMON_KEY, type Daemon, startDaemon } from '../support/daemon.ts';
import { tempDir } from '../support/temp-dir.ts';
import { textNow } from '../support/text-now.ts';
import { until } from '../support/until.ts';

/** For conditions that hold within seconds on a machine that is not busy. */
export const DEADLINE_MS = 90_000;

type Context = Parameters<typeof startFleetServer>[0];

export interface FleetOptions {
  readonly names: readonly string[];
  readonly port: number;
  readonly standInUrl: string;
  readonly moreVirustotal?: string;
}

/** Real daemons on one central database, as the user that the shipped grants make. */
export async function startFleet(t: Context, options: FleetOptions): Promise<readonly Daemon[]> {
  const dir = tempDir(t);
  const password = join(dir, 'mysql.password');
  writeFileSync(password, WRITER.password, { mode: 0o600 });
  const more = `central: { hosts: ["127.0.0.1:${options.port}"], user: ${WRITER.user}, password_file: ${password} }\n`;
  const fleet: Daemon[] = [];
  // One after the other: each start takes a core for seconds, and has a limit.
  for (const sensor of options.names) {
    const daemon = await startDaemon(t, {
      dir: join(dir, sensor),
      sensor,
      virustotalUrl: options.standInUrl,
      more,
      moreSuricata: ', allow_unchecked: true',
      ...(options.moreVirustotal === undefined ? {} : { moreVirustotal: options.moreVirustotal }),
    });
    fleet.push(daemon);
  }
  return fleet;
}

/** A strict VirusTotal that allows so many a day, and holds for bad what is called so. */
export async function startStandIn(t: Context, day: number): Promise<{ standIn: VirusTotalStandIn; baseUrl: string }> {
  const standIn = new VirusTotalStandIn({
    keys: [DAEMON_KEY],
    reports: ({ value }) => ({ malicious: value.startsWith('bad') ? 12 : 0 }),
    allowance: { minute: 1_000, day, month: 1_000_000 },
  });
  t.after(() => standIn.stop());
  return { standIn, ...(await standIn.start()) };
}

/** What was asked about, in order. */
export function askedAbout({ requests }: VirusTotalStandIn): readonly string[] {
  return requests.flatMap(({ path }) => /\/domains\/(.+)$/.exec(path)?.[1] ?? []);
}

export const statusOf = (daemon: Daemon) => daemon.client.ask<StatusDocument>({ method: 'GET', path: '/v1/status' });
export const explain = (daemon: Daemon, name: string) =>
  daemon.client.ask<ExplanationDocument>({ method: 'GET', path: `/v1/explain/${name}` });
export const say = (daemon: Daemon, body: object) =>
  daemon.client.ask<{ conflicts: readonly string[] }>({ method: 'POST', path: '/v1/overrides', body });

/** Whether a sensor blocks a name. */
export async function isListed(daemon: Daemon, name: string): Promise<boolean> {
  return textNow(join(daemon.listsDir, 'domains.txt')).split('\n').includes(name);
}

/** Resolves when a condition holds at every one of them. */
export async function allSee(
  what: string,
  daemons: readonly Daemon[],
  test: (one: Daemon) => Promise<boolean>,
): Promise<void> {
  await until(what, async () => (await Promise.all(daemons.map(test))).every(Boolean), DEADLINE_MS);
}

/** Resolves when every sensor knows all of them. */
export async function inReach(daemons: readonly Daemon[]): Promise<void> {
  await allSee('every sensor reaches the centre and knows the others', daemons, async (one) => {
    const { fleet } = await statusOf(one);
    return fleet?.state === 'in_reach' && fleet.sensors === daemons.length;
  });
}
