import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface TestContext {
  after(fn: () => Promise<void>): void;
}

/** AbuseIPDB's check endpoint on loopback, as strict as the real one. */
export interface AbuseIpDbStandIn {
  readonly baseUrl: string;
  /** Fields of `data` by address, or an answer of its own. */
  readonly known: Map<string, object | ((response: ServerResponse) => void)>;
  readonly asked: string[];
  readonly violations: string[];
}

export const KEY = 'k'.repeat(80);

/** Starts it; it ends with the test. */
export async function startAbuseIpDb(t: TestContext): Promise<AbuseIpDbStandIn> {
  const known: AbuseIpDbStandIn['known'] = new Map();
  const asked: string[] = [];
  const violations: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://abuseipdb');
    const address = url.searchParams.get('ipAddress') ?? '';
    asked.push(address);
    const isGood =
      request.method === 'GET' && url.pathname === '/api/v2/check' && url.searchParams.get('maxAgeInDays') === '90';
    if (!isGood || request.headers.accept !== 'application/json') violations.push(`${request.method} ${request.url}`);
    const told = known.get(address);
    const { key } = request.headers;
    if (key !== KEY) response.writeHead(401).end('{"errors":[{"detail":"Authentication failed.","status":401}]}');
    else if (typeof told === 'function') told(response);
    else response.end(JSON.stringify({ data: dataOf(address, told) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`;
  return { baseUrl, known, asked, violations };
}

/** `data` of an answer about an address nobody reported, with `changes`. */
export function dataOf(ipAddress: string, changes: object = {}): object {
  return {
    ipAddress,
    isPublic: true,
    ipVersion: ipAddress.includes(':') ? 6 : 4,
    isWhitelisted: null,
    abuseConfidenceScore: 0,
    countryCode: 'ZZ',
    usageType: 'Data Center/Web Hosting/Transit',
    isp: 'x',
    domain: 'x',
    totalReports: 0,
    numDistinctUsers: 0,
    lastReportedAt: null,
    ...changes,
  };
}
