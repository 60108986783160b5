import { keyOf, type Observable, type ObservableKey, parseObservable } from '../../core/observable.ts';
import type { StandInReport } from './virustotal-stand-in-answer.ts';

/** One name of the demonstration: who asks for it in the capture, and what the stand-in says of it. */
export interface DemoName {
  readonly name: string;
  readonly client: string;
  readonly via: 'dns' | 'tls' | 'http';
  /** Absent: the stand-in has never heard of it. */
  readonly report?: StandInReport;
}

const LAPTOP = '192.168.50.21';
const TELEVISION = '192.168.50.40';
const CAMERA = '192.168.50.77';

/** Who flags such hosts in practice: lists of single links, promoted to the whole host. */
const FLAGGED_BY = ['Phishing Database', 'CRDF'];

/** Made-up names, said so on screen: nobody is known to own them, and the capture was never on a network. */
export const MALICIOUS_DOMAIN = 'hng-demo-malware.top';
export const MALICIOUS_SUBDOMAIN = 'update.hng-demo-panel.icu';

/** The hosts people were worried about for nothing: 1 or 2 of 92 engines flag them, and they are never blocked. */
export const EXAMPLE_HOSTS: readonly DemoName[] = [
  example('consent-pref.trustarc.com', 1, LAPTOP),
  example('google-ohttp-relay-safebrowsing.fastly-edge.com', 2, LAPTOP),
  example('prod.detectportal.prod.cloudops.mozgcp.net', 1, LAPTOP),
  example('storage.googleapis.com', 1, LAPTOP),
  example('ipv4-c021-waw002-orangepl-isp.1.oca.nflxvideo.net', 1, TELEVISION),
];

/** Everything the capture of the demonstration holds. */
export const DEMO_NAMES: readonly DemoName[] = [
  // Answered by their registrable domains, in `PARENTS`.
  { name: 'www.wikipedia.org', client: LAPTOP, via: 'dns' },
  { name: 'www.gnu.org', client: LAPTOP, via: 'dns' },
  { name: 'time.cloudflare.com', client: CAMERA, via: 'dns' },
  { name: 'a-name-nobody-scanned.hng-demo-quiet.net', client: LAPTOP, via: 'dns' },
  // Private: it is heard and never asked about.
  { name: 'printer.lan', client: LAPTOP, via: 'dns' },
  ...EXAMPLE_HOSTS,
  { name: MALICIOUS_DOMAIN, client: CAMERA, via: 'dns', report: { malicious: 12, suspicious: 1, reputation: -31 } },
  { name: MALICIOUS_SUBDOMAIN, client: CAMERA, via: 'dns', report: { malicious: 8 } },
  { name: MALICIOUS_DOMAIN, client: CAMERA, via: 'tls' },
  { name: MALICIOUS_SUBDOMAIN, client: CAMERA, via: 'http' },
];

/** Registrable domains: one answer serves all hosts below it. */
const PARENTS: readonly string[] = ['wikipedia.org', 'gnu.org', 'cloudflare.com'];

/** What the stand-in answers. What is not in it is answered "not found". */
export function demoReports(): ReadonlyMap<ObservableKey, StandInReport> {
  const reports = new Map<ObservableKey, StandInReport>();
  for (const { name, report } of DEMO_NAMES) {
    if (report !== undefined) reports.set(keyOf(domain(name)), report);
  }
  for (const parent of PARENTS) reports.set(keyOf(domain(parent)), { malicious: 0 });
  return reports;
}

/** The observable of one of the names above. */
export function domain(name: string): Observable {
  const parsed = parseObservable(name);
  if (!parsed.ok) throw new Error(`${name} is no canonical name: ${parsed.reason}`);
  return parsed.value;
}

function example(name: string, malicious: number, client: string): DemoName {
  return { name, client, via: 'dns', report: { malicious, flaggedBy: FLAGGED_BY.slice(0, malicious) } };
}
