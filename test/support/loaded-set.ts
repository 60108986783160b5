import { CONTEXT_SET_REFS, LIVE_SET_REFS, type LiveSet } from '../../src/enforce/suricata/datasets.ts';
import type { SetRef, SuricataCommands } from '../../src/enforce/suricata/suricata-commands.ts';

/** A live set as this Suricata has it loaded: in JSON from version 8.0.7 on. */
export async function loadedSet(commands: SuricataCommands, set: LiveSet): Promise<SetRef> {
  const json = CONTEXT_SET_REFS[set];
  // Any value does: what is asked is whether the set exists.
  const value = set === 'ips' ? '192.0.2.1' : 'guardian.invalid';
  return (await commands.datasetLookup(json, value)) === 'no_set' ? LIVE_SET_REFS[set] : json;
}
