/** Lines as Suricata 7 writes them, for tests: the given parts in its order, the rest filled in. */
export interface DnsLine {
  readonly name: string;
  readonly client?: string;
  readonly type?: 'query' | 'answer';
  readonly at?: string;
  readonly rcode?: string;
  readonly addresses?: readonly string[];
}

export const AT = '2026-11-22T05:10:00.000000+0000';
export const AT_MS = Date.UTC(2026, 10, 22, 5, 10);

/** A DNS record of format 2, with its newline. */
export function dnsLine(line: DnsLine): string {
  const { name, client = '192.168.1.20', type = 'query', at = AT } = line;
  const answer = {
    rcode: line.rcode ?? 'NOERROR',
    ...(line.addresses === undefined
      ? {}
      : {
          answers: line.addresses.map((rdata) => ({ rrname: name, rrtype: 'A', ttl: 60, rdata })),
          grouped: { A: line.addresses },
        }),
  };
  const dns = { version: 2, type, id: 1, rrname: name, rrtype: 'A', ...(type === 'answer' ? answer : { tx_id: 0 }) };
  return record('dns', { dns }, client, '192.168.1.1', at);
}

/** A record of any type, with its newline. */
export function record(
  type: string,
  payload: object,
  source = '192.168.1.20',
  destination = '192.168.1.1',
  at = AT,
): string {
  const head = { timestamp: at, flow_id: 1, event_type: type, src_ip: source, src_port: 5353 };
  return `${JSON.stringify({ ...head, dest_ip: destination, dest_port: 53, proto: 'UDP', ...payload })}\n`;
}
