import { UnavailableError } from '../../core/errors.ts';
import { parseIpAddress } from '../../core/ip-address.ts';
import { OWN_COMMENT } from './firewall-entry.ts';

/** One address in a set of the kernel. */
export interface SetElement {
  /** Whether guardian put it there. What is not ours is never removed or changed. */
  readonly isOurs: boolean;
  /** Whole seconds it has left, rounded down; `undefined` when it stays for good. */
  readonly expiresS: number | undefined;
}

/** What stands in a set now, by canonical address. Ranges and prefixes, which are never ours, are left out. */
export type FirewallSet = ReadonlyMap<string, SetElement>;

/** What a set must be for its elements to be single addresses that end by themselves. */
export interface SetKind {
  readonly name: string;
  readonly type: 'ipv4_addr' | 'ipv6_addr';
}

/**
 * Reads what `nft -j list set` printed (libnftables-json(5)).
 * @throws UnavailableError when it is not understood, or the set is of another kind than ours.
 */
export function parseFirewallSet(output: string, kind: SetKind): FirewallSet {
  const set = setIn(output);
  if (set === undefined)
    throw new UnavailableError(`Cannot read the set ${kind.name}: nft printed something else than a set`, {
      hint: 'Look at "nft --version": 0.9.8 or later is needed.',
    });
  checkKind(set, kind);
  const elements = new Map<string, SetElement>();
  for (const listed of asArray(set.elem)) {
    const [address, element] = elementOf(listed);
    if (address !== undefined) elements.set(address, element);
  }
  return elements;
}

type Fields = Readonly<Record<string, unknown>>;

function setIn(output: string): Fields | undefined {
  try {
    const document = asFields(JSON.parse(output));
    const holder = asArray(document?.nftables).find((item) => asFields(item)?.set !== undefined);
    return asFields(asFields(holder)?.set);
  } catch {
    return undefined;
  }
}

function checkKind(set: Fields, { name, type }: SetKind): void {
  const flags = asArray(set.flags);
  // In an interval set neighbours may be merged into one element, which then could not be taken out alone.
  if (set.type === type && flags.includes('timeout') && !flags.includes('interval')) return;
  const found = `type ${String(set.type)}, flags ${flags.length === 0 ? 'none' : flags.join(',')}`;
  throw new UnavailableError(`Cannot use the set ${name}: it has ${found}, want type ${type}, flags timeout`, {
    hint: 'Delete or rename that set, or name another in the configuration.',
  });
}

/** An element stands as a bare value, or wrapped with what is known of it. */
function elementOf(listed: unknown): readonly [string | undefined, SetElement] {
  const wrapped = asFields(asFields(listed)?.elem);
  const value = wrapped === undefined ? listed : wrapped.val;
  const parsed = typeof value === 'string' ? parseIpAddress(value) : undefined;
  const comment = typeof wrapped?.comment === 'string' ? wrapped.comment : '';
  return [
    parsed?.ok === true ? parsed.value : undefined,
    {
      isOurs: comment === OWN_COMMENT || comment.startsWith(`${OWN_COMMENT} `),
      expiresS: typeof wrapped?.expires === 'number' ? wrapped.expires : undefined,
    },
  ];
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
