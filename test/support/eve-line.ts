import { once } from 'node:events';
import { createConnection } from 'node:net';
import unixDgram from 'unix-dgram';

/** One EVE line of Suricata 7 for a DNS question, with its newline. */
export function dnsQuestionLine(name: string, client = '192.168.1.7', at = new Date()): string {
  const timestamp = `${at.toISOString().slice(0, 23)}000+0000`;
  const dns = { version: 2, type: 'query', id: 1, rrname: name, rrtype: 'A', tx_id: 0, opcode: 0 };
  return `${JSON.stringify({ timestamp, flow_id: 1, in_iface: 'lo', event_type: 'dns', src_ip: client, src_port: 4242, dest_ip: '192.168.1.1', dest_port: 53, proto: 'UDP', pkt_src: 'wire/pcap', dns })}\n`;
}

/** One EVE line of an alert on a DNS question. */
export function alertLine(name: string, client = '192.168.1.7', at = new Date()): string {
  const alert = {
    ...{ action: 'allowed', gid: 1, signature_id: 2_000_001, rev: 1 },
    ...{ signature: 'ET MALWARE test', category: 'A Network Trojan was detected', severity: 1 },
  };
  const head = JSON.parse(dnsQuestionLine(name, client, at)) as object;
  return `${JSON.stringify({ ...head, event_type: 'alert', alert, dns: { query: [{ type: 'query', id: 1, rrname: name, rrtype: 'A' }] } })}\n`;
}

/** Writes text to a unix stream socket, as Suricata would, and resolves when all of it is taken. */
export async function sendToSocket(socket: string, text: string): Promise<void> {
  const connection = createConnection(socket);
  await once(connection, 'connect');
  connection.end(text);
  await once(connection, 'close');
}

/** As `sendToSocket`, as one datagram. */
export async function sendDatagram(path: string, text: string): Promise<void> {
  const socket = unixDgram.createSocket('unix_dgram');
  try {
    socket.connect(path);
    socket.send(Buffer.from(text));
  } finally {
    socket.close();
  }
}
