// JSON as Suricata writes it: no white space, no escapes, no exponents.
//
// `same(p, 'text')` is no function: the build writes comparisons of whole words in its place.
// Functions named `after...` take where something should begin and return where it has ended, or NOWHERE. Nothing is
// found at NOWHERE, since the first bytes of the memory are zero, so that only what must be there needs a check.
//
// Every line in the input ends with a newline, which nothing but its end matches: no function reads on past it, though a
// comparison may look at bytes behind it.

export const NOWHERE: usize = 0;

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;
export const COMMA: u8 = 0x2c;
export const DOT: u8 = 0x2e;
export const ZERO: u8 = 0x30;
export const COLON: u8 = 0x3a;
export const MINUS: u8 = 0x2d;
export const LIST: u8 = 0x5b;
export const LIST_END: u8 = 0x5d;
export const OBJECT: u8 = 0x7b;
export const OBJECT_END: u8 = 0x7d;

/** A bit for each of 16 bytes that is a digit. */
export function digitsAt(at: usize): i32 {
  return i8x16.bitmask(i8x16.lt_u(i8x16.sub(v128.load(at), i8x16.splat(ZERO)), i8x16.splat(10)));
}

export function afterDigits(at: usize): usize {
  let p = at;
  while (true) {
    const others = ~digitsAt(p) & 0xffff;
    if (others !== 0) return p + ctz(others);
    p += 16;
  }
}

export function afterNatural(p: usize): usize {
  if (load<u8>(p) === ZERO) return p + 1;
  const end = afterDigits(p);
  return end === p ? NOWHERE : end;
}

export function afterNumber(at: usize): usize {
  let p = load<u8>(at) === MINUS ? at + 1 : at;
  p = afterNatural(p);
  if (p === NOWHERE || load<u8>(p) !== DOT) return p;
  const end = afterDigits(p + 1);
  return end === p + 1 ? NOWHERE : end;
}

/** A string whose opening quote was read: anything but escapes and control characters, and the closing quote. */
export function afterString(at: usize): usize {
  let p = at;
  while (true) {
    const bytes = v128.load(p);
    const ends = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(QUOTE)), i8x16.eq(bytes, i8x16.splat(BACKSLASH))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    );
    const bits = i8x16.bitmask(ends);
    if (bits !== 0) return afterQuote(p + ctz(bits));
    p += 16;
  }
}

/** A string of visible ASCII only. */
export function afterVisible(at: usize): usize {
  let p = at;
  while (true) {
    const bytes = v128.load(p);
    const ends = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(QUOTE)), i8x16.eq(bytes, i8x16.splat(BACKSLASH))),
      i8x16.gt_u(i8x16.sub(bytes, i8x16.splat(0x21)), i8x16.splat(0x7e - 0x21)),
    );
    const bits = i8x16.bitmask(ends);
    if (bits !== 0) return afterQuote(p + ctz(bits));
    p += 16;
  }
}

/** A string of the characters of addresses, and at least one. */
export function afterAddress(at: usize): usize {
  let p = at;
  while (true) {
    const bytes = v128.load(p);
    const isDigitOrColon = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(ZERO)), i8x16.splat(COLON - ZERO));
    const isLetter = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(0x61)), i8x16.splat(5));
    const isDot = i8x16.eq(bytes, i8x16.splat(DOT));
    const others = ~i8x16.bitmask(v128.or(v128.or(isDigitOrColon, isLetter), isDot)) & 0xffff;
    if (others !== 0) {
      const end = p + ctz(others);
      return end === at ? NOWHERE : afterQuote(end);
    }
    p += 16;
  }
}

export function afterQuote(p: usize): usize {
  return load<u8>(p) === QUOTE ? p + 1 : NOWHERE;
}

export function afterFlag(p: usize): usize {
  if (same(p, 'true')) return p + 4;
  return same(p, 'false') ? p + 5 : NOWHERE;
}

/** Any value whose objects and lists are at most `depth` deep. */
export function afterValue(p: usize, depth: i32): usize {
  const first = load<u8>(p);
  if (first === QUOTE) return afterString(p + 1);
  if (first === OBJECT) return afterObject(p, depth - 1);
  if (first === LIST) return afterList(p, depth - 1);
  if (first === MINUS || digitsAt(p) & 1) return afterNumber(p);
  if (same(p, 'null')) return p + 4;
  return afterFlag(p);
}

/** A list of values that are at most `depth` deep. */
export function afterList(at: usize, depth: i32): usize {
  if (depth < 0 || load<u8>(at) !== LIST) return NOWHERE;
  let p = at + 1;
  if (load<u8>(p) === LIST_END) return p + 1;
  while (true) {
    p = afterValue(p, depth);
    const next = load<u8>(p);
    if (next === LIST_END) return p + 1;
    if (next !== COMMA) return NOWHERE;
    p++;
  }
}

export function afterObject(at: usize, depth: i32): usize {
  if (depth < 0) return NOWHERE;
  let p = at + 1;
  if (load<u8>(p) === OBJECT_END) return p + 1;
  while (true) {
    if (load<u8>(p) !== QUOTE) return NOWHERE;
    p = afterString(p + 1);
    if (load<u8>(p) !== COLON) return NOWHERE;
    p = afterValue(p + 1, depth);
    const next = load<u8>(p);
    if (next === OBJECT_END) return p + 1;
    if (next !== COMMA) return NOWHERE;
    p++;
  }
}
