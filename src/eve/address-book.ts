import { isIPv4 } from 'node:net';
import { isPublicAddress, parseIpAddress } from '../core/ip-address.ts';
import { detached } from './detached.ts';
import { GenerationMap } from './generation-map.ts';

/** An address as EVE spells it, understood. */
export interface Address {
  readonly canonical: string;
  readonly isPublic: boolean;
}

/** What a text that is no address becomes: the sighting has no client, and nothing is asked about it. */
const NOBODY: Address = { canonical: '', isPublic: false };

const MAX_ADDRESSES = 32_768;
const MAX_NAMED = 65_536;

/**
 * Canonical forms of addresses, remembered because parsing one costs microseconds and the same few recur; and which
 * public addresses some name explains, because an answer or a server name led there lately.
 */
export class AddressBook {
  readonly #known = new GenerationMap<Address>(MAX_ADDRESSES);
  readonly #named = new GenerationMap<true>(MAX_NAMED);

  /** `text` read as an address; `canonical` is `''` when it is none. */
  read(text: string): Address {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const parsed = parseIpAddress(text);
    const address = parsed.ok ? { canonical: parsed.value, isPublic: isPublicAddress(parsed.value) } : NOBODY;
    // What is no address is not remembered: garbage must not push the real ones out.
    if (parsed.ok) this.#known.set(detached(text), address);
    return address;
  }

  /** Notes that a name leads to this address. */
  explain(text: string): void {
    // IPv4 has one spelling. Private ones are noted too: cheaper than to tell them apart.
    if (isIPv4(text)) {
      this.#named.set(detached(text), true);
      return;
    }
    const { canonical, isPublic } = this.read(text);
    if (isPublic) this.#named.set(canonical, true);
  }

  /** Whether some name led to this canonical address lately. */
  isExplained(canonical: string): boolean {
    return this.#named.has(canonical);
  }
}
