import { parseDomainName } from '../../core/domain-name.ts';
import { parseIpAddress } from '../../core/ip-address.ts';

/** A resolver's answer to a question for addresses (JSON of DNS over HTTPS). */
export interface DnsAnswer {
  /** RFC 1035 4.1.1: 0 no error, 2 server failure, 3 no such name, 5 refused. */
  readonly status: number;
  /** "Recursion available", where the resolver says it. */
  readonly recursion: boolean | undefined;
  /** Canonical addresses of the A and AAAA records. */
  readonly addresses: readonly string[];
}

const TYPE_A = 1;
const TYPE_AAAA = 28;

/** Reads an answer about `name`; `undefined` when it is none, or is about something else. */
export function dnsAnswerOf(json: unknown, name: string): DnsAnswer | undefined {
  const { Status: status, RA: recursion, Question: questions, Answer: answers } = recordOf(json);
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 0 || status > 4095) return undefined;
  const { name: text } = recordOf(Array.isArray(questions) ? questions[0] : questions);
  const asked = typeof text === 'string' ? parseDomainName(text) : undefined;
  if (asked?.ok !== true || asked.value !== name) return undefined;
  if (answers !== undefined && !Array.isArray(answers)) return undefined;
  return {
    status,
    recursion: typeof recursion === 'boolean' ? recursion : undefined,
    addresses: (answers ?? []).flatMap(addressOf),
  };
}

function addressOf(record: unknown): readonly string[] {
  const { type, data } = recordOf(record);
  if ((type !== TYPE_A && type !== TYPE_AAAA) || typeof data !== 'string') return [];
  const address = parseIpAddress(data);
  return address.ok ? [address.value] : [];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
