import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OracleService } from '../../../src/sources/dns-oracle/dns-oracle.ts';

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** How one resolver answers a name: addresses, no such name, denied by the filter, no data, or something of its own. */
export type Resolution = readonly string[] | 'nxdomain' | 'denied' | 'nodata' | ((response: ServerResponse) => void);

/** A filtered and an unfiltered resolver on loopback, as strict as real ones. */
export interface DohStandIn {
  readonly filtered: Map<string, Resolution>;
  readonly unfiltered: Map<string, Resolution>;
  /** `filtered evil.example` for every question that arrived. */
  readonly asked: string[];
  /** Whatever a real resolver would have refused. */
  readonly violations: string[];
  service(mark: OracleService['mark']): OracleService;
}

/** Starts the pair; it ends with the test. A name it was told nothing about does not exist. */
export async function startDoh(t: TestContext): Promise<DohStandIn> {
  const [filtered, unfiltered] = [new Map<string, Resolution>(), new Map<string, Resolution>()];
  const asked: string[] = [];
  const violations: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://doh');
    const name = url.searchParams.get('name') ?? '';
    const side = url.pathname.slice(1);
    asked.push(`${side} ${name}`);
    const parameters = [...url.searchParams.keys()].join(',');
    const isGood = request.method === 'GET' && parameters === 'name,type' && url.searchParams.get('type') === 'A';
    if (!isGood || request.headers.accept !== 'application/dns-json' || !/^[a-z0-9_.-]+$/.test(name)) {
      violations.push(`${request.method} ${request.url} ${request.headers.accept}`);
      response.writeHead(400).end();
      return;
    }
    const resolution = (side === 'filtered' ? filtered : unfiltered).get(name) ?? 'nxdomain';
    if (typeof resolution === 'function') resolution(response);
    else
      response.writeHead(200, { 'content-type': 'application/dns-json' }).end(JSON.stringify(bodyOf(name, resolution)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    filtered,
    unfiltered,
    asked,
    violations,
    service: (mark) => ({
      name: 'oracle',
      engine: 'Oracle',
      filteredUrl: `${base}/filtered`,
      unfilteredUrl: `${base}/unfiltered`,
      mark,
    }),
  };
}

/** The JSON of DNS over HTTPS, as public resolvers write it. */
export function bodyOf(name: string, resolution: Exclude<Resolution, (response: ServerResponse) => void>): object {
  const denied = resolution === 'nxdomain' || resolution === 'denied';
  const addresses = typeof resolution === 'string' ? [] : resolution;
  const answer = addresses.map((data) => ({ name: `${name}.`, type: data.includes(':') ? 28 : 1, TTL: 60, data }));
  return {
    Status: denied ? 3 : 0,
    TC: false,
    RD: true,
    RA: resolution !== 'denied',
    AD: false,
    CD: false,
    Question: [{ name: `${name}.`, type: 1 }],
    ...(answer.length === 0 ? {} : { Answer: answer }),
  };
}
