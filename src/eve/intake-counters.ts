import type { RefusalReason } from '../core/parsed.ts';

/** Event types that get a label of their own in `eve_events_total`; all others are counted under `other`. */
export const KNOWN_EVENT_TYPES: ReadonlySet<string> = new Set(
  (
    'alert anomaly bittorrent_dht dcerpc dhcp dnp3 dns drop fileinfo flow frame ftp ftp_data http http2 ike krb5 mdns ' +
    'modbus mqtt netflow nfs pgsql pop3 quic rdp rfb sip smb smtp snmp ssh stats tftp tls websocket'
  ).split(' '),
);

/** Why something heard was not kept. A metric label, so the set is closed. */
export type DropReason =
  | 'invalid'
  | 'bad_time'
  | 'client_budget'
  | 'total_budget'
  | 'pending_full'
  | 'alerts_full'
  | 'overlong'
  | 'receive_error';

/** DNS transactions Suricata reports against DNS records received: what the socket lost without a word. */
export interface LossEstimate {
  readonly dnsTransactions: number;
  readonly dnsReceived: number;
  /** Estimated records lost; 0 while no two `stats` records were seen. */
  readonly lost: number;
  /** `lost / dnsTransactions`, 0 to 1. */
  readonly ratio: number;
}

/** What the intake has seen since it started. All counts are cumulative; crosses threads as a plain object. */
export interface IntakeCounters {
  /** By `event_type`, records that are JSON objects and name one. */
  readonly events: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Lines that are no JSON object with an `event_type`. */
  readonly malformed: number;
  /** Records of which only a part arrived. */
  readonly truncated: number;
  /** Whole records recovered from the end of a torn line. */
  readonly resynchronised: number;
  /** Names, addresses, URLs and hashes refused, by reason. */
  readonly refused: Readonly<Partial<Record<RefusalReason, number>>>;
  /** Sightings counted on the registrable domain because it showed too many new hosts. */
  readonly folded: number;
  readonly connectionsNow: number;
  readonly connectionsEver: number;
  readonly fastLines: number;
  readonly slowLines: number;
  /** When the last line came in by our own clock, epoch milliseconds; 0 before the first. */
  readonly lastEventAt: number;
  readonly dnsReceived: number;
  readonly loss: LossEstimate;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The counters while they are counted. One owner, the pipeline. */
export class CounterBoard implements Mutable<IntakeCounters> {
  events: Record<string, number> = {};
  dropped: Partial<Record<DropReason, number>> = {};
  malformed = 0;
  truncated = 0;
  resynchronised = 0;
  refused: Partial<Record<RefusalReason, number>> = {};
  folded = 0;
  connectionsNow = 0;
  connectionsEver = 0;
  fastLines = 0;
  slowLines = 0;
  lastEventAt = 0;
  dnsReceived = 0;
  loss: LossEstimate = { dnsTransactions: 0, dnsReceived: 0, lost: 0, ratio: 0 };
  /** DNS events, apart from `events` because a named field is cheaper than a keyed one on the busiest path. */
  dnsEvents = 0;

  countEvent(type: string): void {
    if (type === 'dns') {
      this.dnsEvents++;
      return;
    }
    const label = KNOWN_EVENT_TYPES.has(type) ? type : 'other';
    this.events[label] = (this.events[label] ?? 0) + 1;
  }

  drop(reason: DropReason): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
  }

  refuse(reason: RefusalReason): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }

  /** A copy that later counting does not change. */
  snapshot(): IntakeCounters {
    const { dnsEvents, ...rest } = this;
    const events = dnsEvents === 0 ? { ...this.events } : { ...this.events, dns: dnsEvents };
    return { ...rest, events, dropped: { ...this.dropped }, refused: { ...this.refused } };
  }
}
