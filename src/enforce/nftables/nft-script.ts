import { OperatorError } from '../../core/errors.ts';
import { isIpv6, parseIpAddress } from '../../core/ip-address.ts';
import type { FirewallChanges, FirewallRemoval } from './firewall-changes.ts';
import { type FirewallEntry, isBlockableAddress } from './firewall-entry.ts';

/** The names of our table and sets, as the configuration gives them. */
export interface FirewallNames {
  /** Family and name: `inet guardian`. */
  readonly table: string;
  readonly set4: string;
  readonly set6: string;
}

/** By this comment a table is known as made for guardian, so that withdrawing may delete it as a whole. */
export const TABLE_COMMENT = 'Home Network Guardian';

/** The script that makes table and sets. Adding what is there already changes nothing. */
export function renderSetup(names: FirewallNames, hasTable: boolean): string {
  checkNames(names);
  const { table, set4, set6 } = names;
  // A table that is there may be the user's own: it is not relabelled.
  const made = hasTable ? '' : `add table ${table} { comment "${TABLE_COMMENT}"; }\n`;
  return (
    `${made}add set ${table} ${set4} { type ipv4_addr; flags timeout; }\n` +
    `add set ${table} ${set6} { type ipv6_addr; flags timeout; }\n`
  );
}

/**
 * The script of these changes, for one transaction: removals, then additions. Empty when nothing changes.
 * @throws OperatorError when an address, comment or timeout is not of the one form that nft reads as nothing else.
 */
export function renderChanges(names: FirewallNames, { add, renew, remove }: FirewallChanges): string {
  checkNames(names);
  const lines: string[] = [];
  for (const family of ['set4', 'set6'] as const) {
    const target = `element ${names.table} ${names[family]}`;
    const gone = [...remove, ...renew].filter((one) => one.family === family).map(addressOf);
    const placed = [...renew, ...add].filter((one) => one.family === family).map(element);
    if (gone.length > 0) lines.push(`delete ${target} { ${gone.join(', ')} }\n`);
    if (placed.length > 0) lines.push(`add ${target} { ${placed.join(', ')} }\n`);
  }
  return lines.join('');
}

function element(entry: FirewallEntry): string {
  const { timeoutS, comment } = entry;
  if (!Number.isSafeInteger(timeoutS) || timeoutS < 1) throw refused(`a timeout of ${timeoutS} s`);
  if (!/^[A-Za-z0-9 ._/-]{1,128}$/.test(comment)) throw refused('a comment with other characters than nft takes');
  // Taking one out must always be possible; putting it in is for public addresses only.
  if (!isBlockableAddress(entry.address)) throw refused('what is not a public address');
  return `${addressOf(entry)} timeout ${timeoutS}s comment "${comment}"`;
}

// Planned entries are canonical and elements were read from the kernel; this is the last look before the kernel obeys.
function addressOf({ address, family }: FirewallRemoval): string {
  const parsed = parseIpAddress(address);
  if (!parsed.ok || parsed.value !== address || isIpv6(address) !== (family === 'set6'))
    throw refused('what is no address of its set');
  return address;
}

function checkNames({ table, set4, set6 }: FirewallNames): void {
  if (!/^[a-z0-9]+ [A-Za-z]\w*$/.test(table)) throw refused('a table of that name');
  for (const name of [set4, set6]) if (!/^[A-Za-z]\w*$/.test(name)) throw refused('a set of that name');
}

function refused(what: string): OperatorError {
  return new OperatorError(`Cannot write ${what} into a firewall set`);
}
