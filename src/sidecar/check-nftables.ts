import type { Config } from '../config/schema.ts';
import { UnavailableError } from '../core/errors.ts';
import { NftCommand } from '../enforce/nftables/nft-command.ts';
import type { CheckItem } from './check-probes.ts';

/** Whether the firewall can be read, and whether a rule there uses our sets. Nothing where it is not configured. */
export async function checkNftables(
  { nftables }: Config,
  signal: AbortSignal,
  command: readonly string[] = ['nft'],
): Promise<readonly CheckItem[]> {
  if (nftables === null) return [];
  const { table, set4, set6 } = nftables;
  const name = 'nftables';
  try {
    const listed = await new NftCommand(command).list(['-t', 'list', 'table', ...table.split(' ')], signal);
    const hint = 'Load native-config/nftables/guardian.nft, or name the sets in rules of your own.';
    if (listed === undefined)
      return [{ state: 'warn', name, found: `there is no table ${table} yet, and no rule that drops anything`, hint }];
    const unused = [set4, set6].filter((set) => !new RegExp(`@${set}\\b`).test(listed)).map((set) => `@${set}`);
    if (unused.length === 0) return [{ state: 'ok', name, found: `rules of table ${table} use @${set4} and @${set6}` }];
    return [{ state: 'warn', name, found: `no rule of table ${table} uses ${unused.join(' and ')}`, hint }];
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    // The service has the capability that this user need not have.
    const state = /not permitted|must be root/.test(error.message) ? 'warn' : 'bad';
    return [{ state, name, found: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }];
  }
}
