import {
  afterAddress,
  afterFlag,
  afterList,
  afterNatural,
  afterString,
  afterVisible,
  COLON,
  COMMA,
  LIST_END,
  NOWHERE,
  OBJECT_END,
  QUOTE,
} from './json';

// What was found in the payload that was read last.

export let isAnswer: bool = false;
export let isNxdomain: bool = false;
export let name: usize = 0;
export let nameEnd: usize = 0;
export let list: usize = 0;
export let listEnd: usize = 0;
export let isList6: bool = false;

/** The rest of a payload of format 2, after its opening brace. */
export function afterFormat2(at: usize): usize {
  let p = same(at, '"version":2,') ? at + 12 : at;
  isAnswer = same(p, '"type":"answer"');
  if (!isAnswer && !same(p, '"type":"query"')) return NOWHERE;
  p = afterHeader(isAnswer ? p + 15 : p + 14);
  if (!same(p, ',"rrname":"')) return NOWHERE;
  p = afterQuestion(p + 11);
  if (same(p, ',"tx_id":')) p = afterNatural(p + 9);
  if (same(p, ',"opcode":')) p = afterNatural(p + 10);
  return afterRecords(afterRcode(p));
}

/** The rest of a payload of format 3, after its version. */
export function afterFormat3(at: usize): usize {
  isAnswer = same(at, '"type":"response"');
  if (!isAnswer && !same(at, '"type":"request"')) return NOWHERE;
  let p = afterRcode(afterHeader(isAnswer ? at + 17 : at + 16));
  if (!same(p, ',"queries":[{"rrname":"')) return NOWHERE;
  p = afterQuestion(p + 23);
  return same(p, '}]') ? afterRecords(p + 2) : NOWHERE;
}

function afterHeader(at: usize): usize {
  let p = at;
  if (same(p, ',"tx_id":')) p = afterNatural(p + 9);
  if (same(p, ',"id":')) p = afterNatural(p + 6);
  if (same(p, ',"flags":"')) p = afterString(p + 10);
  if (same(p, ',"qr":')) p = afterFlag(p + 6);
  if (same(p, ',"aa":')) p = afterFlag(p + 6);
  if (same(p, ',"tc":')) p = afterFlag(p + 6);
  if (same(p, ',"rd":')) p = afterFlag(p + 6);
  if (same(p, ',"ra":')) p = afterFlag(p + 6);
  if (same(p, ',"z":')) p = afterFlag(p + 5);
  if (same(p, ',"opcode":')) p = afterNatural(p + 10);
  return p;
}

/** Name and record type, from the name's first byte on. */
function afterQuestion(at: usize): usize {
  name = at;
  const p = afterVisible(at);
  nameEnd = p - 1;
  return same(p, ',"rrtype":"') ? afterString(p + 11) : NOWHERE;
}

function afterRcode(p: usize): usize {
  isNxdomain = false;
  if (!same(p, ',"rcode":"')) return p;
  isNxdomain = same(p, ',"rcode":"NXDOMAIN"');
  return afterString(p + 10);
}

/** Answers with their addresses, then what else was sent, and the closing brace. */
function afterRecords(at: usize): usize {
  list = NOWHERE;
  let p = at;
  if (same(p, ',"answers":[')) p = afterGrouped(afterAnswers(p + 12));
  if (same(p, ',"authorities":')) p = afterList(p + 15, 2);
  if (same(p, ',"additionals":')) p = afterList(p + 15, 2);
  return load<u8>(p) === OBJECT_END ? p + 1 : NOWHERE;
}

function afterAnswers(at: usize): usize {
  let p = at;
  if (load<u8>(p) === LIST_END) return p + 1;
  while (true) {
    if (!same(p, '{"rrname":"')) return NOWHERE;
    p = afterString(p + 11);
    if (!same(p, ',"rrtype":"')) return NOWHERE;
    p = afterString(p + 11);
    if (!same(p, ',"ttl":')) return NOWHERE;
    p = afterNatural(p + 7);
    if (same(p, ',"rdata":"')) p = afterString(p + 10);
    if (load<u8>(p) !== OBJECT_END) return NOWHERE;
    if (load<u8>(p, 1) === LIST_END) return p + 2;
    if (load<u8>(p, 1) !== COMMA) return NOWHERE;
    p += 2;
  }
}

/** Groups by record type, of which one may hold addresses. */
function afterGrouped(at: usize): usize {
  if (!same(at, ',"grouped":{')) return NOWHERE;
  let p = at + 12;
  while (true) {
    if (load<u8>(p) !== QUOTE) return NOWHERE;
    const isIpv4 = same(p, '"A":[');
    p = isIpv4 || same(p, '"AAAA":[') ? afterAddresses(p, !isIpv4) : afterGroup(p);
    const next = load<u8>(p);
    if (next === OBJECT_END) return p + 1;
    if (next !== COMMA) return NOWHERE;
    p++;
  }
}

function afterGroup(at: usize): usize {
  if (same(at, '"A"') || same(at, '"AA"') || same(at, '"AAA"') || same(at, '"AAAA"')) return NOWHERE;
  const p = afterString(at + 1);
  return load<u8>(p) === COLON ? afterList(p + 1, 1) : NOWHERE;
}

function afterAddresses(at: usize, areIpv6: bool): usize {
  if (list !== NOWHERE) return NOWHERE;
  let p = at + (areIpv6 ? 8 : 5);
  list = p;
  isList6 = areIpv6;
  while (true) {
    if (load<u8>(p) !== QUOTE) return NOWHERE;
    p = afterAddress(p + 1);
    const next = load<u8>(p);
    if (next === LIST_END) {
      listEnd = p;
      return p + 1;
    }
    if (next !== COMMA) return NOWHERE;
    p++;
  }
}
