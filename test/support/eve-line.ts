import { once } from 'node:events';
import { createConnection } from 'node:net';

/** One EVE line of Suricata 7 for a DNS question, with its newline. */
export function dnsQuestionLine(name: string, client = '192.168.1.7', at = new Date()): string {
  const timestamp = `${at.toISOString().slice(0, 23)}000+0000`;
  const dns = { version: 2, type: 'query', id: 1, rrname: name, rrtype: 'A', tx_id: 0, opcode: 0 };
  return `${JSON.stringify({ timestamp, flow_id: 1, in_iface: 'lo', event_type: 'dns', src_ip: client, src_port: 4242, dest_ip: '192.168.1.1', dest_port: 53, proto: 'UDP', pkt_src: 'wire/pcap', dns })}\n`;
}

/** Writes text to a unix stream socket, as Suricata would, and resolves when all of it is taken. */
export async function sendToSocket(socket: string, text: string): Promise<void> {
  const connection = createConnection(socket);
  await once(connection, 'connect');
  connection.end(text);
  await once(connection, 'close');
}
