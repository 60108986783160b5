import { existsSync } from 'node:fs';
import { DEFAULT_CONFIG_PATH, defaultConfig, loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../core/errors.ts';
import type { CheckItem } from '../sidecar/check-probes.ts';
import { checkCanary } from './check-canary.ts';
import { checkDaemon } from './check-daemon.ts';
import { checkDataDir, checkEveSocket } from './check-eve.ts';
import { failedItem } from './check-failure.ts';
import { checkKeyAndClock } from './check-key.ts';
import { checkSuricata } from './check-suricata.ts';
import type { CliIo } from './cli-io.ts';
import type { DaemonOptions } from './daemon-options.ts';

/** Nothing that is looked at may hold up the rest for longer. */
const ITEM_TIMEOUT_MS = 20_000;

/** Looks at everything, in the order of the path. A bad configuration is the only item that ends it: the rest hangs on it. */
export async function checkAll(options: DaemonOptions, io: CliIo, canary = false): Promise<readonly CheckItem[]> {
  const { item, config } = checkConfig(options.config);
  if (config === undefined) return [item];
  const within = (): AbortSignal => AbortSignal.any([io.signal, AbortSignal.timeout(ITEM_TIMEOUT_MS)]);
  const items: CheckItem[] = [item, checkDataDir(config), ...checkEveSocket(config)];
  const probes = await io.probes();
  items.push(...(await checkSuricata(config, probes, within())));
  items.push(...(await checkKeyAndClock(config, { probes, now: io.now }, within())));
  for (const other of probes.others) {
    items.push(...(await other(config, within()).catch((error: unknown) => [failedItem('other', error)])));
  }
  const socket = socketOf(options, config, io);
  items.push(await checkDaemon(socket, io));
  if (canary) items.push(...(await checkCanary(socket, io)));
  return items;
}

// As `findSocket`, with the configuration that was read already.
function socketOf(options: DaemonOptions, config: Config, { env }: CliIo): string {
  if (options.socket !== undefined) return options.socket;
  const named = options.config === undefined ? env.GUARDIAN_SOCKET : undefined;
  return named === undefined || named === '' ? config.api.socket : named;
}

function checkConfig(named: string | undefined): { readonly item: CheckItem; readonly config?: Config } {
  const path = named ?? DEFAULT_CONFIG_PATH;
  if (named === undefined && !existsSync(path)) {
    const hint = 'Copy native-config/guardian.example.yaml there to change anything.';
    return {
      item: { state: 'warn', name: 'config', found: `no ${path}: every key has its default`, hint },
      config: defaultConfig(),
    };
  }
  try {
    return { item: { state: 'ok', name: 'config', found: path }, config: loadConfig({ path }) };
  } catch (error) {
    if (error instanceof ConfigError) return { item: failedItem('config', error) };
    throw error;
  }
}
