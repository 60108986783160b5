/** `2026-11-22T03:48:53.592846+0000`: Suricata's ISO form, always this long. */
const LAYOUT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})([+-])(\d\d)(\d\d)$/;
export const EVE_TIME_LENGTH = 31;
const MINUTE_LENGTH = 17;
const ZONE_LENGTH = 5;
const ZERO = 0x30;

/**
 * Reads EVE timestamps into epoch milliseconds. Remembers the last minute, since consecutive events nearly always
 * share it.
 */
export class EveClock {
  #minute = '-';
  #zone = '-';
  #minuteMs = Number.NaN;

  /** The last minute read, as its first 17 characters. */
  get minute(): string {
    return this.#minute;
  }

  /** The last zone read, as its five characters. */
  get zone(): string {
    return this.#zone;
  }

  /** When the minute began, epoch milliseconds; `NaN` before one was read. */
  get minuteMs(): number {
    return this.#minuteMs;
  }

  /** The time of the 31 characters at `at`, or `NaN` when they are no such timestamp. */
  read(text: string, at: number): number {
    if (!text.startsWith(this.#minute, at) || !text.startsWith(this.#zone, at + EVE_TIME_LENGTH - ZONE_LENGTH)) {
      if (!this.#remember(text.slice(at, at + EVE_TIME_LENGTH))) return Number.NaN;
    } else if (!hasFraction(text, at + 19)) return Number.NaN;
    return this.#minuteMs + number(text, at + 17, 2) * 1000 + number(text, at + 20, 3);
  }

  /** The time of a whole text, or `NaN`. */
  readText(text: string): number {
    return text.length === EVE_TIME_LENGTH ? this.read(text, 0) : Number.NaN;
  }

  /** `false`: it is no time, and the minute before is still remembered. */
  #remember(text: string): boolean {
    const minuteMs = minuteOf(text);
    if (Number.isNaN(minuteMs)) return false;
    this.#minuteMs = minuteMs;
    // Joined and split, so that no slice keeps the received chunk alive.
    const own = Array.from(text).join('');
    this.#minute = own.slice(0, MINUTE_LENGTH);
    this.#zone = own.slice(-ZONE_LENGTH);
    return true;
  }
}

function hasFraction(text: string, at: number): boolean {
  // A dot, then three digits that are not read; those that are turn into NaN by themselves.
  return text.charCodeAt(at) === 0x2e && !Number.isNaN(number(text, at + 4, 3));
}

function minuteOf(text: string): number {
  const match = LAYOUT.exec(text);
  if (match === null) return Number.NaN;
  const field = (index: number): number => Number(match[index]);
  const month = field(2);
  if (month < 1 || month > 12 || field(3) < 1 || field(3) > 31 || field(4) > 23 || field(5) > 59) return Number.NaN;
  const offset = (match[8] === '-' ? -1 : 1) * (field(9) * 60 + field(10));
  return Date.UTC(field(1), month - 1, field(3), field(4), field(5)) - offset * 60_000;
}

function number(text: string, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
