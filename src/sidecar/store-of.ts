import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { indicatorSids } from '../enforce/suricata/sid-range.ts';
import { Store } from '../store/store.ts';

/** Opens the store a configuration names. @throws OperatorError when it cannot be opened. */
export function storeOf(config: Config): Store {
  return new Store({ path: join(config.dataDir, 'guardian.db'), sidRange: indicatorSids(config.suricata.sidRange) });
}
