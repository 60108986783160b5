import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { parseDomainName } from '../core/domain-name.ts';
import type { Surroundings } from '../core/guards.ts';
import { parseIpAddress } from '../core/ip-address.ts';

/** Where the system says which neighbours it has. Paths are parameters so that a test can bring its own. */
export interface SurroundingsSources {
  readonly resolvConf: string;
  readonly route: string;
  readonly hostname: string;
  readonly addresses: readonly string[];
}

/** What this machine says of itself. */
export function systemSources(): SurroundingsSources {
  const addresses = Object.values(networkInterfaces()).flatMap((ones) => (ones ?? []).map((one) => one.address));
  return { resolvConf: '/etc/resolv.conf', route: '/proc/net/route', hostname: hostname(), addresses };
}

/** Names and addresses that the configuration brings: of this network's own, and of others that are asked. */
export interface ConfiguredHosts {
  /** Pi-hole, database: their names protect what stands below them too. */
  readonly neighbours: readonly string[];
  /** Sources and feeds. */
  readonly asked: readonly string[];
}

/**
 * What this machine needs to keep working: its own names and addresses, its resolvers and search domains, its gateway, and what is
 * configured. A file that is not there adds nothing.
 */
export function readSurroundings(sources: SurroundingsSources, configured: ConfiguredHosts): Surroundings {
  const names = new Set<string>();
  const addresses = new Set<string>();
  const add = (host: string): void => {
    const address = parseIpAddress(host);
    if (address.ok) addresses.add(address.value);
    const name = parseDomainName(host);
    if (name.ok) names.add(name.value);
  };
  for (const host of [...configured.neighbours, sources.hostname, ...sources.addresses]) add(host);
  for (const host of resolvers(readOrEmpty(sources.resolvConf))) add(host);
  for (const host of gateways(readOrEmpty(sources.route))) add(host);
  return { names, addresses, hosts: new Set(configured.asked) };
}

/** Nameservers and search domains of resolv.conf(5). */
function resolvers(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, ...values] = line.trim().split(/\s+/);
    return keyword === 'nameserver' || keyword === 'search' || keyword === 'domain' ? values : [];
  });
}

/** Gateways of `/proc/net/route`: the third column, eight hexadecimal digits in the machine's own (little-endian) order. */
function gateways(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const gateway = line.split(/\s+/)[2] ?? '';
    if (!/^[0-9A-F]{8}$/.test(gateway) || gateway === '00000000') return [];
    return [
      (gateway.match(/../g) ?? [])
        .reverse()
        .map((byte) => Number.parseInt(byte, 16))
        .join('.'),
    ];
  });
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
