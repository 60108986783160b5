import { keyOf, type Observable, type ObservableKey } from '../core/observable.ts';
import type { Report } from '../core/report.ts';
import { SharedRequest } from './virustotal/shared-request.ts';

/** The questions of a source that are under way: whoever asks the same meanwhile gets the same answer. */
export class InFlight {
  readonly #requests = new Map<ObservableKey, SharedRequest<Report>>();

  /** Joins the question about `observable`, or begins it. It is given up when everybody who waits has given up. */
  share(observable: Observable, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<Report>): Promise<Report> {
    const key = keyOf(observable);
    const running = this.#requests.get(key);
    if (running?.join(signal)) return running.promise;
    const request = new SharedRequest(signal, ask);
    this.#requests.set(key, request);
    const settle = (): void => {
      request.release();
      if (this.#requests.get(key) === request) this.#requests.delete(key);
    };
    request.promise.then(settle, settle);
    return request.promise;
  }
}
