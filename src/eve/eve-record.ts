import { FixedShape } from '../lib/fixed-shape.ts';

/** The fields every record may have. Addresses are as Suricata spells them. */
interface EveHeader {
  readonly event_type: string;
  readonly timestamp?: string;
  readonly src_ip?: string;
  readonly dest_ip?: string;
}

/** A question of DNS format 3, and of an alert's `dns.query` in Suricata 7. */
interface NamedQuestion {
  readonly rrname?: string;
}

export interface DnsPayload {
  readonly type?: string;
  readonly version?: number;
  readonly rrname?: string;
  readonly rcode?: string;
  readonly rrtype?: string;
  readonly rdata?: string;
  readonly queries?: readonly NamedQuestion[];
  readonly query?: readonly NamedQuestion[];
  readonly answers?: readonly unknown[];
  readonly grouped?: { readonly A?: readonly string[]; readonly AAAA?: readonly string[] };
}

export interface HttpPayload {
  readonly hostname?: string;
  readonly url?: string;
  readonly http_port?: number;
  readonly http_method?: string;
  readonly request_headers?: readonly { readonly name?: string; readonly value?: string }[];
}

export interface FilePayload {
  readonly sha256?: string;
  readonly state?: string;
  readonly gaps?: boolean;
}

export interface AlertPayload {
  readonly action: 'allowed' | 'blocked';
  readonly signature_id: number;
  readonly signature: string;
  readonly category?: string;
  readonly severity?: number;
}

/** A record that has passed its schema. Fields beyond these were not looked at. */
export interface EveRecord extends EveHeader {
  readonly dns?: DnsPayload;
  readonly tls?: { readonly sni?: string };
  readonly quic?: { readonly sni?: string };
  readonly http?: HttpPayload;
  readonly fileinfo?: FilePayload;
  readonly email?: { readonly url?: readonly string[] };
  readonly alert?: AlertPayload;
  readonly stats?: object;
}

/** Types something is extracted from. All others are counted and passed over. */
export const READ_TYPES = [
  'dns',
  'tls',
  'quic',
  'flow',
  'http',
  'http2',
  'fileinfo',
  'smtp',
  'alert',
  'stats',
] as const;
export type ReadType = (typeof READ_TYPES)[number];

/** Whether records of this type are read. */
export function isReadType(type: string): type is ReadType {
  return (READ_TYPES as readonly string[]).includes(type);
}

/** Whether a record of a read type has the shape `EveRecord` says. */
export function isEveRecord(type: ReadType, record: object): record is EveRecord {
  return SHAPES[type].fits(record);
}

const text = { type: 'string' } as const;
const list = (items: object): object => ({ type: 'array', items });
const object = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  required,
});

const question = object({ rrname: text });
const dns = object({
  type: { type: 'string', enum: ['query', 'answer', 'request', 'response'] },
  version: { type: 'number' },
  rrname: text,
  rcode: text,
  rrtype: text,
  rdata: text,
  queries: list(question),
  // What is no list of objects is passed over where it is read: only addresses come from it.
  answers: list({}),
  grouped: object({ A: list(text), AAAA: list(text) }),
});
const named = object({ sni: text });
const http = object({
  hostname: text,
  url: text,
  http_port: { type: 'number' },
  http_method: text,
  request_headers: list(object({ name: text, value: text })),
});
const fileinfo = object({ sha256: text, state: text, gaps: { type: 'boolean' } });
const alert = object(
  {
    action: { type: 'string', enum: ['allowed', 'blocked'] },
    // Suricata keeps a sid in 32 bits, and a severity in 8.
    signature_id: { type: 'integer', minimum: 0, maximum: 0xffff_ffff },
    signature: text,
    category: text,
    severity: { type: 'integer', minimum: 0, maximum: 255 },
  },
  ['action', 'signature_id', 'signature'],
);
// In an alert the payload is context: its DNS part has the shapes of three formats, so only the names are looked at.
const context = {
  dns: object({ queries: list(question), query: list(question), rrname: text }),
  tls: named,
  quic: named,
  http,
  fileinfo,
};

const PAYLOADS: Record<ReadType, object> = {
  dns: { dns },
  tls: { tls: named },
  quic: { quic: named },
  flow: {},
  http: { http },
  http2: { http },
  fileinfo: { fileinfo },
  smtp: { email: object({ url: list(text) }) },
  alert: { alert, ...context },
  stats: { stats: object({}) },
};
const OPTIONAL: ReadonlySet<ReadType> = new Set(['smtp', 'flow', 'http2']);

function shapeOf(type: ReadType): FixedShape<EveRecord> {
  const header = { event_type: text, timestamp: text, src_ip: text, dest_ip: text };
  const required = OPTIONAL.has(type) ? ['timestamp'] : ['timestamp', type];
  return new FixedShape(object({ ...header, ...PAYLOADS[type] }, required), { strict: true });
}

const SHAPES = Object.fromEntries(READ_TYPES.map((type) => [type, shapeOf(type)])) as Record<
  ReadType,
  FixedShape<EveRecord>
>;
