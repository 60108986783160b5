/** What the stand-in knows about one observable. Counts not given are filled up to `engines`. */
export interface StandInReport {
  readonly malicious: number;
  readonly suspicious?: number;
  readonly timeout?: number;
  /** Without an opinion; default about a third of the silent ones. */
  readonly undetected?: number;
  /** All of them; default 92. */
  readonly engines?: number;
  /** Which engines flag; the rest is taken from a fixed order. */
  readonly flaggedBy?: readonly string[];
  readonly reputation?: number;
  readonly votes?: { readonly harmless: number; readonly malicious: number };
  /** By engine. */
  readonly categories?: Readonly<Record<string, string>>;
  readonly crowdsourcedContext?: readonly {
    readonly source: string;
    readonly title: string;
    readonly details: string;
    readonly severity: string;
  }[];
  /** Epoch milliseconds. */
  readonly lastAnalysisAt?: number;
  /** Epoch milliseconds. */
  readonly createdAt?: number;
}

/** A way to go wrong, played instead of an answer. */
export type StandInFault =
  /** This status with this body: text or bytes as they are, anything else as JSON. */
  | {
      readonly fault: 'answer';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection is reset before a byte came. */
  | { readonly fault: 'reset' }
  /** The connection is reset in the middle of the body. */
  | { readonly fault: 'torn' }
  /** Nothing ever comes. */
  | { readonly fault: 'silence' }
  /** One byte of a body at a time, for ever. */
  | { readonly fault: 'drip'; readonly everyMs: number }
  /** A body of so many bytes (`Infinity` never ends), sent as fast as it is taken; announced by its length or not. */
  | { readonly fault: 'oversize'; readonly bytes: number; readonly announced?: boolean };

/** `undefined` is an object VirusTotal has never heard of: 404. */
export type StandInAnswer = StandInReport | StandInFault | undefined;

/** Whether an answer is a fault. */
export function isFault(answer: StandInReport | StandInFault): answer is StandInFault {
  return 'fault' in answer;
}

/** The fault of an error in VirusTotal's envelope. */
export function errorFault(
  status: number,
  code: string,
  message = code,
  headers: Readonly<Record<string, string>> = {},
): StandInFault {
  return { fault: 'answer', status, body: { error: { code, message } }, headers };
}
