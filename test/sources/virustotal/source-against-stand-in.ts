import { VirusTotalStandIn, type VirusTotalStandInOptions } from '../../../src/cli/demo/virustotal-stand-in.ts';
import type { Observable } from '../../../src/core/observable.ts';
import type { Log, LogFields } from '../../../src/lib/log.ts';
import { VirusTotalSource, type VirusTotalSourceOptions } from '../../../src/sources/virustotal/virustotal-source.ts';

/** A key in the shape of a real one; it must turn up in no message and no log line. */
export const KEY = '0123456789abcdef'.repeat(4);

/** An ordinary Wednesday morning. */
export const NOW = Date.UTC(2026, 3, 15, 9, 30, 12);

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;

export interface SourceAgainstStandIn {
  readonly source: VirusTotalSource;
  readonly standIn: VirusTotalStandIn;
  /** The clock of both. */
  readonly clock: { now: number };
  /** Every log line as text. */
  readonly lines: readonly string[];
  readonly baseUrl: string;
}

/** A source and the stand-in it asks, both ended with the test. */
export async function startSource(
  t: { after(fn: () => Promise<void>): void },
  standInOptions: Partial<VirusTotalStandInOptions> = {},
  sourceOptions: Partial<VirusTotalSourceOptions> = {},
): Promise<SourceAgainstStandIn> {
  const clock = { now: NOW };
  const unlimited = { minute: Number.POSITIVE_INFINITY, day: 1e6, month: 1e6 };
  const standIn = new VirusTotalStandIn({
    keys: [KEY],
    reports: new Map(),
    allowance: unlimited,
    now: () => clock.now,
    ...standInOptions,
  });
  const { baseUrl } = await standIn.start();
  t.after(() => standIn.stop());
  const lines: string[] = [];
  const source = new VirusTotalSource({
    apiKey: KEY,
    baseUrl,
    clock: () => clock.now,
    log: recordingLog(lines),
    random: () => 1,
    ...sourceOptions,
  });
  return { source, standIn, clock, lines, baseUrl };
}

/** A domain as an observable. */
export function domain(value: string): Observable {
  return { kind: 'domain', value };
}

/** What a promise was rejected with; throws when it was not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`Resolved with ${JSON.stringify(value)}, want a rejection`);
    },
    (error: Error) => error,
  );
}

function recordingLog(lines: string[]): Log {
  const write = (level: string) => (message: string, fields?: LogFields) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
