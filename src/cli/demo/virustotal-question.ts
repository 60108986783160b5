import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';
import type { Observable } from '../../core/observable.ts';

/** What a path asks for, or why it is refused. `privacy`: what must never have left the household. */
export type Question =
  | { readonly ok: true; readonly observable: Observable; readonly sha256?: boolean }
  | { readonly ok: false; readonly message: string; readonly privacy?: string };

/**
 * Endings of names that exist only inside a network (RFC 6761, 6762, 7686, 8375, and what routers use).
 * `.example` and `.test` are left out: demonstrations are made of them, and they are nobody's secret.
 */
const PRIVATE_ENDINGS =
  /(?:^|\.)(?:local|localhost|localdomain|lan|home|internal|intranet|private|corp|invalid|onion|arpa|fritz\.box)$/;

/** Ranges of ipaddr.js that belong to nobody's network: addresses of documentation, which tests are made of. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((cidr) =>
  ipaddr.parseCIDR(cidr),
);

/**
 * Reads `/domains/x`, `/ip_addresses/x`, `/urls/x` and `/files/x` as strictly as VirusTotal: it is written apart from
 * the parsers of core, so that a mistake there is seen here. `undefined` when the path is none of them.
 */
export function questionOf(path: string): Question | undefined {
  const match = /^\/(domains|ip_addresses|urls|files)\/([^/?#]+)$/.exec(path);
  if (match === null) return undefined;
  const [, collection = '', id = ''] = match;
  if (collection === 'domains') return domainQuestion(id);
  if (collection === 'ip_addresses') return addressQuestion(id);
  return collection === 'urls' ? urlQuestion(id) : fileQuestion(id);
}

function domainQuestion(name: string): Question {
  const refusal = `Domain "${name}" is not a valid domain pattern`;
  const privacy = privacyOfHost(name);
  if (privacy !== undefined) return { ok: false, message: refusal, privacy };
  const isCanonical =
    name.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_-])?\.)+[a-z0-9-]{2,63}$/.test(name);
  if (!isCanonical || isIP(name) !== 0) return { ok: false, message: refusal };
  return { ok: true, observable: { kind: 'domain', value: name } };
}

function addressQuestion(address: string): Question {
  const plain = address.includes('%') ? decoded(address) : address;
  const refusal = `IP address "${address}" is not a valid IP address`;
  if (isIP(plain) === 0 || plain.includes('%')) return { ok: false, message: refusal };
  const privacy = privacyOfAddress(plain);
  if (privacy !== undefined) return { ok: false, message: refusal, privacy };
  return { ok: true, observable: { kind: 'ip', value: plain } };
}

function urlQuestion(id: string): Question {
  if (/^[0-9a-f]{64}$/.test(id)) return { ok: true, observable: { kind: 'url', value: id }, sha256: true };
  const refusal = `Invalid URL identifier "${id}"`;
  const bytes = Buffer.from(id, 'base64url');
  const text = bytes.toString();
  if (!/^[A-Za-z0-9_-]+$/.test(id) || bytes.toString('base64url') !== id || !/^https?:\/\//.test(text)) {
    return { ok: false, message: refusal };
  }
  if (!URL.canParse(text)) return { ok: false, message: refusal };
  const privacy = privacyOfUrl(new URL(text));
  if (privacy !== undefined) return { ok: false, message: refusal, privacy };
  return { ok: true, observable: { kind: 'url', value: text } };
}

function fileQuestion(hash: string): Question {
  if (/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
    return { ok: true, observable: { kind: 'file', value: hash } };
  }
  return { ok: false, message: `"${hash}" is not a valid file hash` };
}

function privacyOfUrl(url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') return 'user info in a URL';
  if (url.search !== '') return 'query of a URL';
  if (url.hash !== '') return 'fragment of a URL';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? privacyOfHost(host) : privacyOfAddress(host);
}

function privacyOfHost(name: string): string | undefined {
  const plain = domainToASCII(decoded(name)).replace(/\.$/, '');
  if (isIP(plain) !== 0) return privacyOfAddress(plain);
  if (PRIVATE_ENDINGS.test(plain)) return 'name of a private zone';
  return plain !== '' && !plain.includes('.') ? 'name of one label' : undefined;
}

function privacyOfAddress(address: string): string | undefined {
  const parsed = ipaddr.process(address);
  const isDocumentation = DOCUMENTATION.some((range) => parsed.kind() === range[0].kind() && parsed.match(range));
  return parsed.range() === 'unicast' || isDocumentation ? undefined : `${parsed.range()} address`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
