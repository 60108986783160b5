import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { type Environment, readSecret } from '../config/secrets.ts';
import type { PiholeConfig } from '../config/sections/target-sections.ts';
import { OperatorError, QuotaError } from '../core/errors.ts';
import { askDns } from '../enforce/pihole/dns-question.ts';
import { PiholeClient } from '../enforce/pihole/pihole-client.ts';
import { slotsOf } from '../enforce/pihole/pihole-figures.ts';
import { PiholeHttp } from '../enforce/pihole/pihole-http.ts';
import { NoApiError } from '../enforce/pihole/pihole-problem.ts';
import { PiholeSession } from '../enforce/pihole/pihole-session.ts';
import { SILENT } from '../lib/log.ts';
import { programVersion } from '../lib/version.ts';
import type { CheckItem } from './check-probes.ts';
import { piholeApi, piholeDns } from './pihole-way.ts';

/** A name that every Pi-hole answers by itself. */
const OWN_NAME = 'pi.hole';
const DNS_TIMEOUT_MS = 2000;
const MINUTE_MS = 60_000;
/** Its history tells its clock to ten minutes. */
const HALF_SLOT_MS = 5 * MINUTE_MS;
/** Less is not worth a word: figures come by the minute. */
const SKEW_MS = MINUTE_MS;

/** Whether the configured Pi-hole lets us in, blocks, answers devices, and has the right time. Nothing where none is configured. */
export async function checkPihole(
  { pihole }: Config,
  env: Environment,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  if (pihole === null) return [];
  return [...(await apiItems(pihole, env, signal)), await dnsItem(pihole)];
}

async function apiItems(pihole: PiholeConfig, env: Environment, signal: AbortSignal): Promise<readonly CheckItem[]> {
  // A session of its own: that of the daemon lies in a file of the daemon's user, and ending it would end it for the daemon.
  const folder = mkdtempSync(join(tmpdir(), 'guardian-check-'));
  let session: PiholeSession | undefined;
  try {
    const { passwordFile } = pihole;
    const password = passwordFile === null ? undefined : readSecret(passwordFile, env, SILENT);
    const http = new PiholeHttp(piholeApi(pihole, programVersion()));
    const rest = { password: () => password?.reveal(), sidFile: join(folder, 'session'), log: SILENT, now: Date.now };
    session = new PiholeSession({ http, ...rest });
    const client = new PiholeClient({ http, session });
    const isBlocking = await client.isBlocking(signal);
    return [blockingItem(pihole.url, isBlocking), ...clockItems(slotsOf(await client.read('/history', signal)))];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    // One that is only subscribed to the list needs no API; seats and log-ins are used up for a while.
    const isPassing = error instanceof QuotaError || (error instanceof NoApiError && pihole.mode === 'list');
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return [{ state: isPassing ? 'warn' : 'bad', name: 'pihole', found: error.message, ...hint }];
  } finally {
    await session?.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function blockingItem(url: string, isBlocking: boolean): CheckItem {
  if (isBlocking) return { state: 'ok', name: 'pihole', found: `${url} lets us in, and blocks` };
  const hint = 'Switch its blocking on, on its web page or by "pihole enable".';
  return { state: 'warn', name: 'pihole', found: `${url} lets us in, but its blocking is off`, hint };
}

function clockItems(slots: ReturnType<typeof slotsOf>): readonly CheckItem[] {
  const middle = slots.at(-1)?.timestamp;
  if (middle === undefined) return [];
  const name = 'pihole_clock';
  const ahead = middle * 1000 - Date.now();
  if (Math.abs(ahead) <= HALF_SLOT_MS + SKEW_MS) return [{ state: 'ok', name, found: 'it agrees with ours' }];
  const minutes = Math.round((Math.abs(ahead) - HALF_SLOT_MS) / MINUTE_MS);
  const found = `it is at least ${minutes} min ${ahead < 0 ? 'behind' : 'ahead of'} ours`;
  return [{ state: 'warn', name, found, hint: 'Let both follow an NTP server.' }];
}

async function dnsItem(pihole: PiholeConfig): Promise<CheckItem> {
  const name = 'pihole_dns';
  const { host, port } = piholeDns(pihole);
  const where = `${host}:${port}`;
  const hint = 'Every proof is a question to it: set pihole.dns to where its DNS answers.';
  const found = await lookup(host).catch(() => undefined);
  if (found === undefined) return { state: 'bad', name, found: `nobody knows the address of ${host}`, hint };
  const outcome = await askDns({ host: found.address, port }, OWN_NAME, randomInt(0x10000), DNS_TIMEOUT_MS);
  return outcome === 'silent'
    ? { state: 'bad', name, found: `${where} does not answer`, hint }
    : { state: 'ok', name, found: `${where} answers` };
}
