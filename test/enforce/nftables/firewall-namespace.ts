import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { networkNamespace } from '../../support/netns.ts';

const run = promisify(execFile);

/** The rules that a user loads. */
export const HOOK = join(import.meta.dirname, '../../../native-config/nftables/guardian.nft');

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** The firewall of a network namespace, asked and changed by real nft: what the target did is read here, not from the target. */
export interface FirewallNamespace {
  readonly name: string;
  /** For `NftablesOptions.command`. */
  readonly command: readonly string[];
  /** Runs nft with these arguments and gives what it prints. */
  nft(...args: readonly string[]): Promise<string>;
  /** What stands in a set of `inet guardian`, by address; empty when there is no such set. */
  elements(set: string): Promise<ReadonlyMap<string, ListedElement>>;
  /** The whole ruleset without what changes by itself: times and counters. */
  ruleset(): Promise<string>;
}

export interface ListedElement {
  readonly timeout?: number;
  readonly comment?: string;
}

export async function firewallNamespace(t: TestContext): Promise<FirewallNamespace> {
  return firewallOf(await networkNamespace(t));
}

export function firewallOf(name: string): FirewallNamespace {
  const command = ['ip', 'netns', 'exec', name, 'nft'];
  const nft = async (...args: readonly string[]): Promise<string> =>
    (await run('ip', [...command.slice(1), ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  return {
    name,
    command,
    nft,
    elements: async (set) => elementsOf(await nft('-j', 'list', 'set', 'inet', 'guardian', set).catch(() => '{}')),
    ruleset: async () => (await nft('list', 'ruleset')).replace(/ expires \w+| packets \d+ bytes \d+/g, ''),
  };
}

function elementsOf(json: string): ReadonlyMap<string, ListedElement> {
  const { nftables = [] } = JSON.parse(json) as { nftables?: { set?: { elem?: Listed[] } }[] };
  const listed = nftables.flatMap(({ set }) => set?.elem ?? []);
  return new Map(listed.map((one) => (typeof one === 'string' ? [one, {}] : [one.elem.val, one.elem])));
}

type Listed = string | { readonly elem: { readonly val: string } & ListedElement };
