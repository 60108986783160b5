/** What a feed says of its entries: bad; popular; suffixes of dynamic DNS; hosts that strangers share. */
export type FeedRole = 'evidence' | 'popularity' | 'dynamic_dns' | 'shared_hosting';

/** How a feed is written. `ranked` is `rank,name`; `misp` a folder with `manifest.json`; `warninglist` a MISP `list.json`. */
export const FEED_FORMATS = [
  'domains',
  'hosts',
  'urls',
  'ips',
  'csv',
  'ndjson',
  'ranked',
  'misp',
  'warninglist',
] as const;
export type FeedFormat = (typeof FEED_FORMATS)[number];

/** A condition on another column (csv) or field (ndjson) of the same entry. */
export type FeedCondition =
  | { readonly column: string; readonly is: string }
  | { readonly column: string; readonly atLeast: number };

/** One list that is fetched as a whole. All that it takes to read it and to weigh its word. */
export interface Feed {
  /** Under this name its entries are kept and shown. */
  readonly name: string;
  readonly role: FeedRole;
  /** `https://`, `http://`, or an absolute path. `{key}` stands for the key. */
  readonly location: string;
  readonly format: FeedFormat;
  /** csv: header or number (from "1"); ndjson: field, with dots for nested ones. */
  readonly column?: string;
  /** Only entries of which all of these hold. */
  readonly conditions?: readonly FeedCondition[];
  /** Only entries of this kind. */
  readonly kind?: 'domain' | 'ip' | 'url' | 'file';
  /** How many engines an entry counts for. */
  readonly weight: number;
  /** Its name as an engine of VirusTotal, so that feed and engine count once. */
  readonly engine: string;
  /** How often it is read. */
  readonly everyMs: number;
  /** What its host wants kept free between two reads, also after a failure. */
  readonly minEveryMs: number;
  /** Sent as `Auth-Key`, and for `{key}` in the location. */
  readonly authKey?: string;
  /** Entries after these are not read: the tail of a popularity list says little and costs room. */
  readonly maxEntries?: number;
  /** Its host may have a private address (never a loopback one). */
  readonly allowPrivate?: boolean;
  /** Shown in `status`; some licences ask for it. */
  readonly licence?: string;
}
