/** What a key of the stand-in is allowed. */
export interface StandInAllowance {
  readonly minute: number;
  readonly day: number;
  readonly month: number;
}

/** The free key's (docs.virustotal.com/reference/public-vs-premium-api). */
export const FREE_ALLOWANCE: StandInAllowance = { minute: 4, day: 500, month: 15_500 };

const MINUTE_MS = 60_000;
/** JSON knows no infinity. */
const UNLIMITED = 1_000_000_000;

/** What one key has used: in the past minute, and since 00:00 UTC of the day and of the 1st. */
export class VirusTotalLedger {
  readonly #allowance: StandInAllowance;
  #recent: number[] = [];
  #hour = { since: '', used: 0 };
  #day = { since: '', used: 0 };
  #month = { since: '', used: 0 };

  constructor(allowance: StandInAllowance) {
    this.#allowance = allowance;
  }

  /** Takes one request from every window; `false`, and nothing taken, when one of them is spent. */
  take(now: number): boolean {
    this.#turn(now);
    const { minute, day, month } = this.#allowance;
    if (this.#recent.length >= minute || this.#day.used >= day || this.#month.used >= month) return false;
    // An unlimited minute keeps no times: a benchmark would fill the memory with them.
    if (minute < UNLIMITED) this.#recent.push(now);
    this.#hour.used += 1;
    this.#day.used += 1;
    this.#month.used += 1;
    return true;
  }

  /** The body of `overall_quotas`. It tells no minute, like the real one: an hour holds sixty of them. */
  overallQuotas(now: number): object {
    this.#turn(now);
    const { minute, day, month } = this.#allowance;
    const window = (allowed: number, used: number) => ({ user: { allowed: Math.min(allowed, UNLIMITED), used } });
    return {
      data: {
        api_requests_hourly: window(minute * 60, this.#hour.used),
        api_requests_daily: window(day, this.#day.used),
        api_requests_monthly: window(month, this.#month.used),
      },
    };
  }

  #turn(now: number): void {
    const date = new Date(now).toISOString();
    this.#recent = this.#recent.filter((at) => at > now - MINUTE_MS);
    this.#hour = turned(this.#hour, date.slice(0, 13));
    this.#day = turned(this.#day, date.slice(0, 10));
    this.#month = turned(this.#month, date.slice(0, 7));
  }
}

function turned(window: { since: string; used: number }, since: string): { since: string; used: number } {
  return window.since === since ? window : { since, used: 0 };
}
