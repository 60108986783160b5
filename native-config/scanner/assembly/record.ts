// AssemblyScript, compiled to WebAssembly by `npm run generate`. Reads DNS records as bytes: no string is made of a pair
// that is known. Accepts a part of what `DNS_2` and `DNS_3` of `src/eve/eve-grammar.ts` accept, and declines all else.

import { afterFormat2, afterFormat3, isAnswer, isList6, isNxdomain, list, listEnd, name, nameEnd } from './dns-payload';
import {
  afterAddress,
  afterNatural,
  afterString,
  afterValue,
  COLON,
  DOT,
  digitsAt,
  NOWHERE,
  QUOTE,
  ZERO,
} from './json';
import { EVENT_BYTES, EVENTS, MAX_EVENTS, MINUTE, MINUTE_MS, MISS, ZONE } from './memory';
import { ENTRY_ADDRESSES, entryOf, hashOf, seed } from './pair-table';

export { clear, remember } from './pair-table';

// What the owner is told of a record.
const IS_ANSWER: u32 = 1;
const IS_NXDOMAIN: u32 = 2;
const HAS_ADDRESSES: u32 = 4;
const ARE_IPV6: u32 = 8;

let events: usize = 0;

/** Reads whole lines from `from` up to `to`. Returns where the first begins that was declined, or `to`. */
export function scan(from: usize, to: usize): usize {
  events = 0;
  store<u32>(MISS, 0);
  let at = from;
  while (at < to && events < MAX_EVENTS) {
    const next = afterLine(at);
    if (next === NOWHERE) break;
    at = next;
  }
  return at;
}

/** How many records the last `scan` counted. */
export function counted(): u32 {
  return events as u32;
}

/** Where the addresses of the record being read are. */
let source: usize = 0;
let sourceEnd: usize = 0;
let destination: usize = 0;
let destinationEnd: usize = 0;

/** A whole record with its newline, counted. */
function afterLine(line: usize): usize {
  if (!same(line, '{"timestamp":"')) return NOWHERE;
  const time = timeAt(line + 14);
  if (!(time >= 0) || load<u8>(line, 45) !== QUOTE) return NOWHERE;
  let p = afterAddresses(afterType(line + 46));
  if (!same(p, ',"dns":{')) return NOWHERE;
  p += 8;
  const isThree = same(p, '"version":3,');
  p = isThree ? afterFormat3(p + 12) : afterFormat2(p);
  if (same(p, ',"community_id":"')) p = afterString(p + 17);
  p = afterOthers(p);
  if (!same(p, '}\n')) return NOWHERE;
  const isTurned = isThree && isAnswer;
  const client = isTurned ? destination : source;
  const clientEnd = isTurned ? destinationEnd : sourceEnd;
  const entry = entryOf(client, clientEnd - client - 1, name, nameEnd - name);
  if (entry === NOWHERE) return NOWHERE;
  count(entry, time);
  return p + 2;
}

/** Ids, and an event type that is DNS. */
function afterType(at: usize): usize {
  let p = at;
  if (same(p, ',"flow_id":')) p = afterNatural(p + 11);
  if (same(p, ',"in_iface":"')) p = afterString(p + 13);
  if (same(p, ',"pcap_cnt":')) p = afterNatural(p + 12);
  if (!same(p, ',"event_type":"')) p = afterOthers(p);
  return same(p, ',"event_type":"dns"') ? p + 19 : NOWHERE;
}

/** Source and destination, and what stands between them and the payload. */
function afterAddresses(at: usize): usize {
  let p = at;
  if (!same(p, ',"src_ip":"')) p = afterOthers(p);
  if (!same(p, ',"src_ip":"')) return NOWHERE;
  source = p + 11;
  p = sourceEnd = afterAddress(source);
  if (same(p, ',"src_port":')) p = afterNatural(p + 12);
  if (!same(p, ',"dest_ip":"')) return NOWHERE;
  destination = p + 12;
  p = destinationEnd = afterAddress(destination);
  if (same(p, ',"dest_port":')) p = afterNatural(p + 13);
  if (same(p, ',"proto":"')) p = afterString(p + 10);
  if (same(p, ',"pkt_src":"')) p = afterString(p + 12);
  if (same(p, ',"community_id":"')) p = afterString(p + 17);
  return same(p, ',"dns":{') ? p : afterOthers(p);
}

function count(entry: usize, time: f64): void {
  const event = EVENTS + events * EVENT_BYTES;
  events++;
  let flags: u32 = isAnswer ? IS_ANSWER : 0;
  if (isNxdomain) flags |= IS_NXDOMAIN;
  if (isAnswer && list !== NOWHERE) {
    const known = entry + ENTRY_ADDRESSES + (isList6 ? 8 : 0);
    const hash = hashOf(seed, list, listEnd - list);
    if (load<u64>(known) !== hash) {
      store<u64>(known, hash);
      flags |= isList6 ? HAS_ADDRESSES | ARE_IPV6 : HAS_ADDRESSES;
      store<u32>(event, list as u32, 16);
      store<u32>(event, listEnd as u32, 20);
    }
  }
  store<u32>(event, load<u32>(entry));
  store<u32>(event, flags, 4);
  store<f64>(event, time, 8);
}

/** The time of 31 bytes in the minute and zone that the owner has written down, else NaN. */
function timeAt(at: usize): f64 {
  const isKnown =
    load<u64>(at) === load<u64>(MINUTE) &&
    load<u64>(at, 8) === load<u64>(MINUTE, 8) &&
    load<u8>(at, 16) === load<u8>(MINUTE, 16) &&
    load<u32>(at, 26) === load<u32>(ZONE) &&
    load<u8>(at, 30) === load<u8>(ZONE, 4);
  const digits = digitsAt(at + 17);
  // Two, a dot, and six.
  if (!isKnown || (digits & 0b1_1111_1011) !== 0b1_1111_1011 || load<u8>(at, 19) !== DOT) return NaN;
  const ms =
    digit(at + 17) * 10_000 + digit(at + 18) * 1_000 + digit(at + 20) * 100 + digit(at + 21) * 10 + digit(at + 22);
  return load<f64>(MINUTE_MS) + (ms as f64);
}

function digit(at: usize): i32 {
  return (load<u8>(at) as i32) - (ZERO as i32);
}

/** Members of the record that are not read, up to one that is. */
function afterOthers(at: usize): usize {
  let p = at;
  while (same(p, ',"')) {
    const key = p + 2;
    if (isNamed(key)) return p;
    const end = afterString(key);
    if (load<u8>(end) !== COLON) return NOWHERE;
    p = afterValue(end + 1, 1);
  }
  return p;
}

function isNamed(key: usize): bool {
  return (
    same(key, 'timestamp"') ||
    same(key, 'event_type"') ||
    same(key, 'src_ip"') ||
    same(key, 'dest_ip"') ||
    same(key, 'flow_id"') ||
    same(key, 'in_iface"') ||
    same(key, 'pcap_cnt"') ||
    same(key, 'src_port"') ||
    same(key, 'dest_port"') ||
    same(key, 'proto"') ||
    same(key, 'pkt_src"') ||
    same(key, 'community_id"') ||
    same(key, 'dns"')
  );
}
