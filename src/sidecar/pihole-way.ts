import { readFileSync } from 'node:fs';
import type { PiholeConfig } from '../config/sections/target-sections.ts';
import { ConfigError } from '../core/errors.ts';
import { hostOfUrl } from '../core/web-url.ts';
import type { DnsServer } from '../enforce/pihole/dns-question.ts';
import type { PiholeHttpOptions } from '../enforce/pihole/pihole-http.ts';

const DNS_PORT = 53;

/** How the API of the configured Pi-hole is reached. @throws ConfigError when its certificate cannot be read. */
export function piholeApi({ url, caFile }: PiholeConfig, version: string): PiholeHttpOptions {
  return { url, ...(caFile === null ? {} : { ca: certificate(caFile) }), userAgent: `HomeNetworkGuardian/${version}` };
}

/** Where its DNS answers. */
export function piholeDns({ url, dns }: PiholeConfig): DnsServer {
  return dns ?? { host: hostOfUrl(url), port: DNS_PORT };
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read pihole.ca_file "${path}"`, {
      cause,
      hint: "Copy the Pi-hole's /etc/pihole/tls_ca.crt there, readable for guardian.",
    });
  }
}
