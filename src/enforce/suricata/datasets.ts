import { join } from 'node:path';
import type { SetRef } from './suricata-commands.ts';

/**
 * Datasets that take additions while Suricata runs. `domains` holds names matched exactly, `dotted` names with a leading
 * dot that also match everything below, `ips` addresses.
 */
export const LIVE_SETS = ['domains', 'dotted', 'ips'] as const;
export type LiveSet = (typeof LIVE_SETS)[number];

/** Lists of file hashes, by algorithm. Suricata reads them at a reload only. */
export const HASH_LISTS = ['md5', 'sha1', 'sha256'] as const;
export type HashList = (typeof HASH_LISTS)[number];

/** How a live set is called in Suricata. */
export const LIVE_SET_REFS: Readonly<Record<LiveSet, SetRef>> = {
  domains: { name: 'guardian-domains', type: 'string' },
  dotted: { name: 'guardian-dotted', type: 'string' },
  ips: { name: 'guardian-ips', type: 'ip' },
};

/**
 * The same where each entry carries what is said of it. Names of their own, since Suricata 8.0.7 crashes when it is told to add to such
 * a set without that (measured), so that nothing meant for the plain ones ever reaches them.
 */
export const CONTEXT_SET_REFS: Readonly<Record<LiveSet, SetRef>> = {
  domains: { name: 'guardian-domains-json', type: 'string' },
  dotted: { name: 'guardian-dotted-json', type: 'string' },
  ips: { name: 'guardian-ips-json', type: 'ip' },
};

/**
 * The entries of a live set that have a rule of their own. The rules over the live sets leave them out, so that one
 * query raises one alert. Changed only together with the rules file, by a reload.
 */
export const OWN_SET_REFS: Readonly<Record<LiveSet, SetRef>> = {
  domains: { name: 'guardian-own-domains', type: 'string' },
  dotted: { name: 'guardian-own-dotted', type: 'string' },
  ips: { name: 'guardian-own-ips', type: 'ip' },
};

/** The file behind a dataset. */
export function setFile(datasetsDir: string, set: SetRef): string {
  return join(datasetsDir, `${set.name}.lst`);
}

/** The file of a live set with what is said of each entry. */
export function contextFile(datasetsDir: string, set: LiveSet): string {
  return join(datasetsDir, `${CONTEXT_SET_REFS[set].name}.ndjson`);
}

/** The file of a list of hashes. */
export function hashFile(datasetsDir: string, list: HashList): string {
  return join(datasetsDir, `guardian-${list}.lst`);
}
