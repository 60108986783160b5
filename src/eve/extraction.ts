import type { Alert } from '../core/alert.ts';
import { parseDomainName } from '../core/domain-name.ts';
import { parseFileHash } from '../core/file-hash.ts';
import type { Observable } from '../core/observable.ts';
import { accepted, type Parsed, type RefusalReason, refused } from '../core/parsed.ts';
import type { Via } from '../core/sighting.ts';
import { hostOfUrl, parseWebUrl } from '../core/web-url.ts';
import type { AddressBook } from './address-book.ts';
import type { DnsPayload, EveRecord, HttpPayload, ReadType } from './eve-record.ts';
import { printable } from './printable.ts';

/** One seeing, as extracted from one record. */
export interface Seen {
  readonly via: Via;
  /** The client and the name as EVE spells them: what the fast path will find again. */
  readonly rawClient: string;
  readonly rawName: string;
  readonly observable: Observable;
  readonly count: 0 | 1;
  readonly nxdomain: 0 | 1;
  /** Addresses this name leads to. */
  readonly addresses: readonly string[];
}

/** Where extraction puts what it finds. */
export interface ExtractionSink {
  readonly addresses: AddressBook;
  seen(seen: Seen): void;
  refuse(reason: RefusalReason): void;
  alert(alert: Alert): void;
}

type Extract = (record: EveRecord, at: number, sink: ExtractionSink) => void;

/** How sightings and alerts come out of each type. `stats` is not here: it says nothing about the network. */
export const EXTRACT: Readonly<Record<Exclude<ReadType, 'stats'>, Extract>> = {
  dns: (record, _at, sink) => extractDns(record, record.dns ?? {}, sink),
  tls: (record, _at, sink) => extractServerName('tls', record, record.tls?.sni, sink),
  quic: (record, _at, sink) => extractServerName('quic', record, record.quic?.sni, sink),
  flow: extractFlow,
  http: extractHttp,
  http2: extractHttp,
  fileinfo: extractFile,
  smtp: extractMail,
  alert: extractAlert,
};

function extractDns(record: EveRecord, dns: DnsPayload, sink: ExtractionSink): void {
  const isAnswer = dns.type === 'answer' || dns.type === 'response';
  // Suricata 7 and before turn an answer's addresses round; format 3 leaves them as they were on the wire.
  const rawClient = (dns.type === 'response' ? record.dest_ip : record.src_ip) ?? '';
  const names = dns.queries === undefined ? [dns.rrname] : dns.queries.map((query) => query.rrname);
  const addresses = isAnswer ? addressesOf(dns) : [];
  for (const rawName of names) {
    if (rawName === undefined) continue;
    const parsed = parseDomainName(rawName);
    if (!parsed.ok) {
      sink.refuse(parsed.reason);
      continue;
    }
    sink.seen({
      via: 'dns',
      rawClient,
      rawName,
      observable: { kind: 'domain', value: parsed.value },
      count: isAnswer ? 0 : 1,
      nxdomain: isAnswer && dns.rcode === 'NXDOMAIN' ? 1 : 0,
      addresses,
    });
  }
}

function addressesOf(dns: DnsPayload): readonly string[] {
  const { grouped } = dns;
  if (grouped !== undefined) return [...(grouped.A ?? []), ...(grouped.AAAA ?? [])];
  const found: string[] = [];
  // Format 1 has its one answer beside the name.
  for (const answer of [dns, ...(dns.answers ?? [])] as readonly unknown[]) {
    if (typeof answer !== 'object' || answer === null) continue;
    const { rrtype, rdata } = answer as Record<string, unknown>;
    if ((rrtype === 'A' || rrtype === 'AAAA') && typeof rdata === 'string') found.push(rdata);
  }
  return found;
}

function extractServerName(
  via: 'tls' | 'quic',
  record: EveRecord,
  sni: string | undefined,
  sink: ExtractionSink,
): void {
  if (sni === undefined) return;
  const addresses = record.dest_ip === undefined ? [] : [record.dest_ip];
  see(via, record.src_ip ?? '', sni, hostObservable(sni, sink.addresses), addresses, sink);
}

/** Puts a once-seen thing into the sink, or counts why it was refused. */
function see(
  via: Via,
  rawClient: string,
  rawName: string,
  parsed: Parsed<Observable>,
  addresses: readonly string[],
  sink: ExtractionSink,
): void {
  if (!parsed.ok) sink.refuse(parsed.reason);
  else sink.seen({ via, rawClient, rawName, observable: parsed.value, count: 1, nxdomain: 0, addresses });
}

/** A host as TLS, QUIC and HTTP name it: a domain, or a public address. */
function hostObservable(host: string, book: AddressBook): Parsed<Observable> {
  const domain = parseDomainName(host);
  if (domain.ok) return accepted({ kind: 'domain', value: domain.value });
  const address = book.read(host.replace(/^\[|\]$/g, ''));
  return address.isPublic ? accepted({ kind: 'ip', value: address.canonical }) : refused(domain.reason);
}

function extractFlow(record: EveRecord, _at: number, sink: ExtractionSink): void {
  if (record.dest_ip === undefined) return;
  const { canonical, isPublic } = sink.addresses.read(record.dest_ip);
  if (!isPublic || sink.addresses.isExplained(canonical)) return;
  see('flow', record.src_ip ?? '', record.dest_ip, accepted({ kind: 'ip', value: canonical }), [], sink);
}

function extractHttp(record: EveRecord, _at: number, sink: ExtractionSink): void {
  const { http } = record;
  const host = http === undefined ? undefined : hostOf(http);
  if (http === undefined || host === undefined) return;
  const client = record.src_ip ?? '';
  const addresses = record.dest_ip === undefined ? [] : [record.dest_ip];
  const parsed = hostObservable(host, sink.addresses);
  see('http', client, host, parsed, addresses, sink);
  const url = parsed.ok ? urlOf(http, host) : undefined;
  if (url === undefined) return;
  const parsedUrl = parseWebUrl(url);
  const observable: Parsed<Observable> = parsedUrl.ok ? accepted({ kind: 'url', value: parsedUrl.value }) : parsedUrl;
  see('http', client, parsedUrl.ok ? parsedUrl.value : url, observable, [], sink);
}

function hostOf(http: HttpPayload): string | undefined {
  const host = http.hostname ?? headerOf(http, ':authority');
  // HTTP/2's authority may carry a port; HTTP/1's Host is split by Suricata.
  return host?.replace(/:\d+$/, '');
}

function headerOf(http: HttpPayload, name: string): string | undefined {
  return http.request_headers?.find((header) => header.name === name)?.value;
}

/** The URL where it says more than its host: not for a tunnel, and not for the front page. */
function urlOf(http: HttpPayload, host: string): string | undefined {
  const path = http.url ?? headerOf(http, ':path');
  if (path === undefined || path === '/' || http.http_method === 'CONNECT') return undefined;
  if (/^https?:\/\//i.test(path)) return path;
  if (!path.startsWith('/')) return undefined;
  const port = http.http_port === undefined ? '' : `:${http.http_port}`;
  return `${headerOf(http, ':scheme') === 'https' ? 'https' : 'http'}://${host}${port}${path}`;
}

function extractFile(record: EveRecord, _at: number, sink: ExtractionSink): void {
  const hash = wholeFileHash(record);
  if (hash === undefined) return;
  const parsed = parseFileHash(hash);
  const observable: Parsed<Observable> = parsed.ok ? accepted({ kind: 'file', value: parsed.value }) : parsed;
  see('file', receiverOf(record, sink.addresses), hash, observable, [], sink);
}

/** The hash of a file that went by whole: Suricata also prints one of the first part of a cut file. */
function wholeFileHash({ fileinfo }: EveRecord): string | undefined {
  return fileinfo?.state === 'CLOSED' && fileinfo.gaps === false ? fileinfo.sha256 : undefined;
}

/** A file's source is its sender; the device concerned is the one on our side. */
function receiverOf(record: EveRecord, book: AddressBook): string {
  const receiver = record.dest_ip ?? '';
  return book.read(receiver).isPublic ? (record.src_ip ?? '') : receiver;
}

function extractMail(record: EveRecord, _at: number, sink: ExtractionSink): void {
  for (const link of record.email?.url ?? []) {
    // Suricata cuts the scheme off the links it finds.
    const parsed = parseWebUrl(/^[a-z]+:\/\//i.test(link) ? link : `http://${link}`);
    if (!parsed.ok) {
      sink.refuse(parsed.reason);
      continue;
    }
    const host = hostOfUrl(parsed.value);
    see('smtp', record.src_ip ?? '', host, hostObservable(host, sink.addresses), [], sink);
    see('smtp', record.src_ip ?? '', parsed.value, accepted({ kind: 'url', value: parsed.value }), [], sink);
  }
}

function extractAlert(record: EveRecord, at: number, sink: ExtractionSink): void {
  const { alert } = record;
  if (alert === undefined) return;
  const source = sink.addresses.read(record.src_ip ?? '');
  const destination = sink.addresses.read(record.dest_ip ?? '');
  const isTurned = source.isPublic && destination.canonical !== '' && !destination.isPublic;
  const [client, peer] = isTurned ? [destination, source] : [source, destination];
  const observable = alertObservable(record, sink.addresses);
  sink.alert({
    at,
    sid: alert.signature_id,
    signature: printable(alert.signature),
    category: printable(alert.category ?? ''),
    severity: Math.min(4, Math.max(1, alert.severity ?? 3)),
    action: alert.action,
    client: client.canonical,
    peer: peer.canonical,
    ...(observable === undefined ? {} : { observable }),
  });
  if (observable !== undefined) {
    see('alert', client.canonical, observable.value, accepted(observable), [], sink);
  }
}

function alertObservable(record: EveRecord, book: AddressBook): Observable | undefined {
  const { dns, tls, http, quic } = record;
  const questions = dns?.queries ?? dns?.query;
  const host = questions?.[0]?.rrname ?? dns?.rrname ?? tls?.sni ?? (http && hostOf(http)) ?? quic?.sni;
  const hash = host === undefined ? wholeFileHash(record) : undefined;
  if (hash !== undefined) {
    const parsed = parseFileHash(hash);
    return parsed.ok ? { kind: 'file', value: parsed.value } : undefined;
  }
  const parsed = host === undefined ? undefined : hostObservable(host, book);
  return parsed?.ok ? parsed.value : undefined;
}
