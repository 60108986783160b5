import type { LossEstimate } from './intake-counters.ts';
import type { SuricataStats } from './suricata-stats.ts';

/**
 * Estimates how many EVE records were lost on the way, from the DNS transactions that Suricata counted against the DNS
 * records that came. Suricata itself tells its socket drops only when it ends. On 7.0 every question and every answer is
 * one transaction and one record, so the difference is the loss.
 *
 * Counting starts from zero for a Suricata that started after we listened, else at the first `stats` record seen; its
 * counters lag up to one `stats` interval behind its records, so the estimate may be that much too low, or too high by
 * the same constant when we joined a running Suricata.
 */
export class LossMeter {
  readonly #listeningSince: number;
  #last: SuricataStats | undefined;
  #transactions = 0;
  #receivedBefore = 0;
  #received = 0;

  /** `listeningSince`: when the socket was bound, epoch milliseconds. */
  constructor(listeningSince: number) {
    this.#listeningSince = listeningSince;
  }

  /** Takes a `stats` record in; `received` is the number of DNS records that came so far. */
  add(stats: SuricataStats, received: number): LossEstimate {
    const last = this.#last;
    this.#last = stats;
    if (last === undefined) this.#begin(stats, received);
    else if (isRestart(last, stats)) this.#transactions += stats.dnsTransactions;
    else this.#transactions += stats.dnsTransactions - last.dnsTransactions;
    this.#received = received - this.#receivedBefore;
    return this.#estimate();
  }

  #begin(stats: SuricataStats, received: number): void {
    const startedAt = stats.at - stats.uptime * 1000;
    if (startedAt >= this.#listeningSince) this.#transactions = stats.dnsTransactions;
    else this.#receivedBefore = received;
  }

  #estimate(): LossEstimate {
    const lost = Math.max(0, this.#transactions - this.#received);
    const ratio = this.#transactions === 0 ? 0 : lost / this.#transactions;
    return { dnsTransactions: this.#transactions, dnsReceived: this.#received, lost, ratio };
  }
}

function isRestart(last: SuricataStats, next: SuricataStats): boolean {
  return next.uptime < last.uptime || next.dnsTransactions < last.dnsTransactions;
}
