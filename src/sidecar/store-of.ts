import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { indicatorSids } from '../enforce/suricata/sid-range.ts';
import { Store } from '../store/store.ts';

/**
 * Opens the store a configuration names; `readOnly` where a daemon may run, which is its only writer.
 * @throws OperatorError when it cannot be opened.
 */
export function storeOf(config: Config, access: { readonly readOnly?: boolean } = {}): Store {
  const sidRange = indicatorSids(config.suricata.sidRange);
  return new Store({ path: storePath(config), sidRange, ...access });
}

/** Where the store of a configuration lies. */
export function storePath(config: Config): string {
  return join(config.dataDir, 'guardian.db');
}
