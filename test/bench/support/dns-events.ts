import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** How the events of a benchmark look. */
export interface DnsEventsOptions {
  readonly path: string;
  readonly events: number;
  /** Different lines; the rest repeats them. */
  readonly distinct: number;
  readonly clients: number;
  /** How fast they happened, by their timestamps: budgets go by the clock of the events. */
  readonly perSecond: number;
}

/** What was written. */
export interface DnsEvents {
  readonly bytes: number;
  /** Events of type query: what sightings count. */
  readonly questions: number;
}

/** A small generator with a fixed seed (mulberry32), so that every run sends the same bytes. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Writes EVE DNS events of Suricata 7: questions and answers in turn, 620 bytes in the mean, one a line.
 * A question is padded by nothing: the answers are as long as a CDN's answers are.
 */
export async function writeDnsEvents(options: DnsEventsOptions): Promise<DnsEvents> {
  const { path, events, distinct } = options;
  const next = random(7);
  const lines: string[] = [];
  for (let i = 0; i < distinct; i++) lines.push(dnsLine(i, next, options));
  const file = createWriteStream(path, { highWaterMark: 4 * 1024 * 1024 });
  let bytes = 0;
  for (let i = 0; i < events; i += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, events - i) }, (_, j) => lines[(i + j) % distinct]).join('');
    bytes += chunk.length;
    if (!file.write(chunk)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return { bytes, questions: Math.ceil(events / 2) };
}

const CHUNK = 1000;
const START_MS = Date.UTC(2026, 10, 22, 5);

function dnsLine(i: number, next: () => number, { clients, perSecond }: DnsEventsOptions): string {
  const label = Array.from({ length: 5 + Math.floor(next() * 10) }, () =>
    String.fromCharCode(97 + Math.floor(next() * 26)),
  ).join('');
  const name = `${['www', 'api', 'cdn', 'img'][i % 4]}.${label}${i}.${['com', 'net', 'org', 'de'][Math.floor(next() * 4)]}`;
  const number = (below: number) => Math.floor(next() * below);
  const head = {
    timestamp: new Date(START_MS + (i / perSecond) * 1000).toISOString().replace('Z', '000+0000'),
    flow_id: 1e14 + number(1e15),
    in_iface: 'eth0',
    event_type: 'dns',
    src_ip: `192.168.1.${2 + (i % clients)}`,
    src_port: 1024 + number(64_000),
    dest_ip: '192.168.1.1',
    dest_port: 53,
    proto: 'UDP',
    pkt_src: 'wire/pcap',
    community_id: '1:B63e9PenObOhcN+pmiklWaFNJp4=',
  };
  const dns = i % 2 === 0 ? question(name, number) : answer(name, label, number);
  return `${JSON.stringify({ ...head, dns })}\n`;
}

function question(name: string, number: (below: number) => number): object {
  return { version: 2, type: 'query', id: number(65_536), rrname: name, rrtype: 'A', tx_id: 0, opcode: 0 };
}

function answer(name: string, label: string, number: (below: number) => number): object {
  const edge = `edge.${label}.delivery-network.net`;
  const addresses = [0, 1].map(() => `${1 + number(223)}.${number(256)}.${number(256)}.${1 + number(254)}`);
  const answers = [
    { rrname: name, rrtype: 'CNAME', ttl: number(3600), rdata: edge },
    ...addresses.map((rdata) => ({ rrname: edge, rrtype: 'A', ttl: number(300), rdata })),
  ];
  const flags = { flags: '8180', qr: true, rd: true, ra: true, opcode: 0 };
  return {
    version: 2,
    type: 'answer',
    id: number(65_536),
    ...flags,
    rrname: name,
    rrtype: 'A',
    rcode: 'NOERROR',
    answers,
    grouped: { CNAME: [edge], A: addresses },
  };
}
