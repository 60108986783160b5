/**
 * Sticky regular expressions over whole EVE lines, newline included, on text decoded as latin1. They accept a strict
 * subset of JSON: what Suricata writes, with no white space, no escapes, no exponents, and the fields we read in
 * Suricata's own order, each once. What they accept `JSON.parse` accepts, with the same values; all else they decline.
 *
 * A key inside a string cannot be mistaken for one, since strings are matched as strings. Measured at 1 ns a byte, where
 * a loop over bytes in JavaScript takes 2 and `JSON.parse` 6. Alternatives never overlap, so matching is linear.
 */
const CHARS = String.raw`[^"\\\x00-\x1f]*`;
const STRING = `"${CHARS}"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?`;
const NATURAL = String.raw`(?:0|[1-9]\d*)`;
const SCALAR = `(?:${STRING}|${NUMBER}|true|false|null)`;

const listOf = (item: string): string => String.raw`\[(?:${item}(?:,${item})*)?\]`;
const objectOf = (value: string): string => String.raw`\{(?:${STRING}:${value}(?:,${STRING}:${value})*)?\}`;
const nested = (value: string): string => `(?:${SCALAR}|${objectOf(value)}|${listOf(value)})`;
const optional = (key: string, value: string): string => `(?:,"${key}":${value})?`;

/** A value that may hold objects and lists one level, and three levels, deep. */
const FLAT = nested(SCALAR);
const DEEP = nested(nested(FLAT));

/** Members with any key but `keys`, each after a comma. */
const membersBut = (keys: readonly string[], value: string): string =>
  `(?:,"(?!(?:${keys.join('|')})")${CHARS}":${value})*`;

const ADDRESS = '[0-9a-f.:]+';
// Any characters: `EveClock` checks each of them.
const TIME = '[^]{31}';
// Members matched by name, in the order of Suricata's header, because that is twice as fast as matching any member.
const IDS = optional('flow_id', NATURAL) + optional('in_iface', STRING) + optional('pcap_cnt', NATURAL);
const TRANSPORT = optional('proto', STRING) + optional('pkt_src', STRING) + optional('community_id', STRING);
const NAMED =
  'timestamp event_type src_ip dest_ip flow_id in_iface pcap_cnt src_port dest_port proto pkt_src community_id';

/** A whole record of one type, with its addresses before its payload. `source` and `destination` are patterns. */
function record(type: string, payload: string, destination = `(${ADDRESS}")`): RegExp {
  const other = membersBut([...NAMED.split(' '), type], FLAT);
  const head = String.raw`\{"timestamp":"${TIME}"${IDS}${other},"event_type":"${type}"${other}`;
  const source = `,"src_ip":"(${ADDRESS}")${optional('src_port', NATURAL)}`;
  const target = `,"dest_ip":"${destination}${optional('dest_port', NATURAL)}${TRANSPORT}${other}`;
  // Flow records have their community id after the payload.
  const end = optional('community_id', STRING) + other;
  return new RegExp(String.raw`${head}${source}${target},"${type}":${payload}${end}\}` + String.raw`\n`, 'y');
}

const VISIBLE = String.raw`[!#-\[\]-~]*`;
const FLAG = '(?:true|false)';
const HEADER =
  optional('tx_id', NATURAL) +
  optional('id', NATURAL) +
  optional('flags', STRING) +
  ['qr', 'aa', 'tc', 'rd', 'ra', 'z'].map((flag) => optional(flag, FLAG)).join('') +
  optional('opcode', NATURAL);
const RCODE = optional('rcode', `"(?:(NXDOMAIN)|(?!NXDOMAIN")${CHARS})"`);
const QUESTION = `"rrname":"(${VISIBLE})","rrtype":${STRING}`;
const ANSWER = String.raw`\{"rrname":${STRING},"rrtype":${STRING},"ttl":${NATURAL}${optional('rdata', STRING)}\}`;
const RECORDS = listOf(nested(FLAT));
const ADDRESSES = String.raw`\[("${ADDRESS}"(?:,"${ADDRESS}")*)\]`;
const GROUP = `"(?!A{1,4}")${CHARS}":${listOf(FLAT)}`;
const ADDRESS_GROUP = `(?:"A":${ADDRESSES}|"AAAA":${ADDRESSES})`;
const GROUPED = String.raw`\{(?:${GROUP},)*(?:${GROUP}|${ADDRESS_GROUP})(?:,${GROUP})*\}`;
// Without `grouped` the addresses stand among the answers, which only the full parser reads.
const ANSWERS = `(?:,"answers":${listOf(ANSWER)},"grouped":${GROUPED})?`;
const REST = optional('authorities', RECORDS) + optional('additionals', RECORDS);
const TRAILER = optional('tx_id', NATURAL) + optional('opcode', NATURAL);

/**
 * DNS format 2 (Suricata 5 to 7). Captures: source with its closing quote; `answer` if it is one; name; `NXDOMAIN` if it
 * is that; the inside of `grouped.A`; the inside of `grouped.AAAA`.
 */
export const DNS_2 = record(
  'dns',
  String.raw`\{(?:"version":2,)?"type":"(?:query|(answer))"${HEADER},${QUESTION}${TRAILER}${RCODE}${ANSWERS}${REST}\}`,
  `${ADDRESS}"`,
);

/**
 * DNS format 3 (Suricata 8) with one question. Captures: source and destination with their closing quotes; `response` if
 * it is one; `NXDOMAIN`; name; `grouped.A`; `grouped.AAAA`.
 */
export const DNS_3 = record(
  'dns',
  String.raw`\{"version":3,"type":"(?:request|(response))"${HEADER}${RCODE},"queries":\[\{${QUESTION}\}\]${ANSWERS}${REST}\}`,
);

const serverNamed = (type: string): RegExp => {
  const others = `(?:"(?!sni")${CHARS}":${DEEP},)*`;
  return record(type, String.raw`\{${others}"sni":"(${VISIBLE})"${membersBut(['sni'], DEEP)}\}`);
};

/** Records with a server name. Captures: source and destination with their closing quotes, name. */
export const TLS = serverNamed('tls');
export const QUIC = serverNamed('quic');

/** Flow records. Captures: source and destination with their closing quotes. */
export const FLOW = record('flow', DEEP);

/** A record of any type, for those that are only counted. Capture: the type. */
export const ANY = new RegExp(
  String.raw`\{"timestamp":${STRING}${membersBut(['event_type'], DEEP)},"event_type":"(${VISIBLE})"` +
    String.raw`${membersBut(['event_type'], DEEP)}\}` +
    String.raw`\n`,
  'y',
);
