import { CentralError } from '../central/central-error.ts';
import { CentralMigrations } from '../central/central-migrations.ts';
import { type CentralStatus, readCentralStatus } from '../central/central-status.ts';
import { poolOfConfig } from '../central/pool-of-config.ts';
import type { Config } from '../config/schema.ts';
import { type Environment, readSecret } from '../config/secrets.ts';
import { SILENT } from '../lib/log.ts';
import type { CheckItem } from './check-probes.ts';

/** Nothing of ours minds a clock that is off by less; Grafana's "last minutes" do mind more. */
const SKEW_WORTH_A_WORD_MS = 5_000;

/** What a person must mend. A centre that is away is normal. */
const NEEDS_A_HAND: ReadonlySet<string> = new Set(['denied', 'schema', 'name', 'else']);

/** Whether the central database answers this configuration's user, with a schema and a clock that fit. Nothing where none is configured. */
export async function checkCentral(
  config: Config,
  env: Environment,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const { central } = config;
  if (central === null) return [];
  const { passwordFile } = central;
  const password = () => (passwordFile === null ? '' : readSecret(passwordFile, env, SILENT).reveal());
  const pool = poolOfConfig(central, { password, random: Math.random });
  const giveUp = () => pool.close();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const status = await readCentralStatus(pool, new CentralMigrations(pool));
    return [schemaItem(status), clockItem(status.serverTimeAt - Date.now()), ...wayItems(central)];
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    const { failure, message, hint } = error;
    const state = NEEDS_A_HAND.has(failure) ? 'bad' : 'warn';
    return [{ state, name: 'central', found: message, ...(hint === undefined ? {} : { hint }) }, ...wayItems(central)];
  } finally {
    signal.removeEventListener('abort', giveUp);
    pool.close();
  }
}

/** The password and every name that devices use would pass whoever sits between. */
function wayItems({ hosts, socket, tls }: NonNullable<Config['central']>): readonly CheckItem[] {
  const remote = socket === null && tls === null ? hosts.filter(({ host }) => !isLoopback(host)) : [];
  if (remote.length === 0) return [];
  const found = `${remote.map(({ host }) => host).join(', ')} is reached without TLS: who talks to what can be read on the way`;
  return [{ state: 'warn', name: 'central_tls', found, hint: 'Set central.tls.ca_file.' }];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function schemaItem({ where, server, schema, sensors }: CentralStatus): CheckItem {
  const { present, wanted } = schema;
  const found = `${where} (${server}), schema ${present}, ${sensors.length} sensors`;
  if (present === wanted) return { state: 'ok', name: 'central', found };
  if (present > wanted)
    return { state: 'bad', name: 'central', found: `${found}, want at most ${wanted}`, hint: 'Upgrade this guardian.' };
  const hint = 'Run "guardian central migrate"; the daemon does it at its start where its user may.';
  return { state: 'warn', name: 'central', found: `${found}, want ${wanted}`, hint };
}

function clockItem(skewMs: number): CheckItem {
  const found = `the server's clock is ${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(skewMs) < SKEW_WORTH_A_WORD_MS) return { state: 'ok', name: 'central_clock', found };
  return { state: 'warn', name: 'central_clock', found, hint: 'Let both follow an NTP server.' };
}
