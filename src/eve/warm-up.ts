import { EvePipeline } from './eve-pipeline.ts';

const NAMES = 500;
const ROUNDS = 6;
const SOURCE = 1;

/**
 * Lets V8 compile what reads DNS records, on invented ones and a pipeline that is thrown away. Else the first seconds of
 * a busy network are read by cold code, a record in 50 us and more, and Suricata drops what its socket cannot hold.
 * Takes some 100 ms, before the socket is bound.
 */
export function warmUp(): void {
  const pipeline = new EvePipeline({ now: Date.now });
  const lines = Buffer.from(Array.from({ length: NAMES }, (_, i) => question(i) + answer(i)).join(''));
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = 0; at < lines.length; at += CHUNK_BYTES) pipeline.push(lines.subarray(at, at + CHUNK_BYTES), SOURCE);
    pipeline.flush('all');
  }
}

const CHUNK_BYTES = 16_384;

function question(i: number): string {
  return line(i, { type: 'query', id: i, rrname: nameOf(i), rrtype: 'A', tx_id: 0, opcode: 0 });
}

function answer(i: number): string {
  const rrname = nameOf(i);
  const rdata = `192.0.2.${i % 256}`;
  const flags = { flags: '8180', qr: true, rd: true, ra: true, opcode: 0 };
  const answers = [{ rrname, rrtype: 'A', ttl: 60, rdata }];
  return line(i, {
    type: 'answer',
    id: i,
    ...flags,
    rrname,
    rrtype: 'A',
    rcode: 'NOERROR',
    answers,
    grouped: { A: [rdata] },
  });
}

function nameOf(i: number): string {
  return `host${i}.domain${i % 97}.example`;
}

/** A record of format 2 with everything in its header that Suricata may write. */
function line(i: number, payload: object): string {
  const head = {
    timestamp: `2026-01-01T00:00:${String(i % 60).padStart(2, '0')}.000000+0000`,
    flow_id: 1e15 + i,
    in_iface: 'eth0',
    event_type: 'dns',
    src_ip: `192.0.2.${i % 50}`,
    src_port: 50_000,
    dest_ip: '192.0.2.53',
    dest_port: 53,
    proto: 'UDP',
    pkt_src: 'wire/pcap',
  };
  return `${JSON.stringify({ ...head, dns: { version: 2, ...payload } })}\n`;
}
