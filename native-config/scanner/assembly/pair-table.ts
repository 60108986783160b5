import { NOWHERE } from './json';
import { ARENA, ARENA_END, MISS, SLOT_BYTES, SLOT_COUNT, SLOTS } from './memory';

/** Slots looked at before a pair counts as unknown. */
const MAX_PROBES: u32 = 16;
/** Half of the slots, so that probes are few. */
const MAX_ENTRIES: u32 = 32_768;
const MAX_KEY_BYTES: usize = 512;

// What is kept of a pair: its number, the lengths of client and name, hashes of the addresses last heard, and its bytes.
const ENTRY_LENGTHS: usize = 4;
export const ENTRY_ADDRESSES: usize = 8;
const ENTRY_KEY: usize = 24;

export let seed: u64 = 0;
let arenaEnd: usize = ARENA;
let entries: u32 = 0;
let missHash: u64 = 0;

/** Forgets all pairs. Hashes begin with `newSeed`, which no sender may guess. */
export function clear(newSeed: u64): void {
  seed = newSeed;
  memory.fill(SLOTS, 0, SLOT_COUNT * SLOT_BYTES);
  arenaEnd = ARENA;
  entries = 0;
}

/** Gives the pair that the last `scan` ended at a number. `false`: there is no room. */
export function remember(id: u32): bool {
  const client = load<u32>(MISS, 4) as usize;
  const clientBytes = load<u32>(MISS, 8) as usize;
  const name = load<u32>(MISS, 12) as usize;
  const nameBytes = load<u32>(MISS, 16) as usize;
  const bytes = clientBytes + nameBytes;
  if (bytes > MAX_KEY_BYTES || entries >= MAX_ENTRIES || arenaEnd + ENTRY_KEY + bytes + 8 > ARENA_END) return false;
  let slot = missHash as usize;
  for (let probe: u32 = 0; probe < MAX_PROBES; probe++, slot++) {
    const at = SLOTS + (slot & (SLOT_COUNT - 1)) * SLOT_BYTES;
    if (load<u32>(at) !== 0) continue;
    const entry = arenaEnd;
    store<u32>(at, entry as u32);
    store<u32>(at, tagOf(missHash), 4);
    store<u32>(entry, id);
    store<u32>(entry, lengthsOf(clientBytes, nameBytes), ENTRY_LENGTHS);
    store<u64>(entry, 0, ENTRY_ADDRESSES);
    store<u64>(entry, 0, ENTRY_ADDRESSES + 8);
    memory.copy(entry + ENTRY_KEY, client, clientBytes);
    memory.copy(entry + ENTRY_KEY + clientBytes, name, nameBytes);
    arenaEnd = (entry + ENTRY_KEY + bytes + 7) & ~7;
    entries++;
    return true;
  }
  return false;
}

function tagOf(hash: u64): u32 {
  return (hash >> 32) as u32;
}

function lengthsOf(clientBytes: usize, nameBytes: usize): u32 {
  return ((clientBytes << 16) | nameBytes) as u32;
}

export function hashOf(start: u64, at: usize, bytes: usize): u64 {
  let hash = start ^ (bytes as u64);
  let left = bytes;
  while (left >= 8) {
    hash = mixed(hash ^ load<u64>(at));
    at += 8;
    left -= 8;
  }
  if (left > 0) hash = mixed(hash ^ (load<u64>(at) & ((1 << ((left as u64) << 3)) - 1)));
  return hash;
}

function mixed(hash: u64): u64 {
  // biome-ignore lint/correctness/noPrecisionLoss: a number of 64 bits here
  const product = hash * 0x9e37_79b9_7f4a_7c15;
  return product ^ (product >> 29) ^ (product >> 47);
}

function areSame(one: usize, other: usize, bytes: usize): bool {
  let left = bytes;
  while (left >= 8) {
    if (load<u64>(one) !== load<u64>(other)) return false;
    one += 8;
    other += 8;
    left -= 8;
  }
  return left === 0 || ((load<u64>(one) ^ load<u64>(other)) & ((1 << ((left as u64) << 3)) - 1)) === 0;
}

/** Where the pair's entry is, or NOWHERE; then it is noted as what this scan ended at. */
export function entryOf(client: usize, clientBytes: usize, name: usize, nameBytes: usize): usize {
  const hash = hashOf(hashOf(seed, client, clientBytes), name, nameBytes);
  const lengths = lengthsOf(clientBytes, nameBytes);
  let slot = hash as usize;
  for (let probe: u32 = 0; probe < MAX_PROBES; probe++, slot++) {
    const at = SLOTS + (slot & (SLOT_COUNT - 1)) * SLOT_BYTES;
    const entry = load<u32>(at) as usize;
    if (entry === 0) break;
    if (load<u32>(at, 4) !== tagOf(hash) || load<u32>(entry, ENTRY_LENGTHS) !== lengths) continue;
    const key = entry + ENTRY_KEY;
    if (areSame(key, client, clientBytes) && areSame(key + clientBytes, name, nameBytes)) return entry;
  }
  missHash = hash;
  store<u32>(MISS, 1);
  store<u32>(MISS, client as u32, 4);
  store<u32>(MISS, clientBytes as u32, 8);
  store<u32>(MISS, name as u32, 12);
  store<u32>(MISS, nameBytes as u32, 16);
  return NOWHERE;
}
