import { setPriority } from 'node:os';

/**
 * Steps of niceness that the receiving thread goes before others. Suricata drops what its socket cannot hold and waits for nobody;
 * what we do with it can wait.
 */
const AHEAD = -10;

/** The calling thread, to Linux. */
const THIS_THREAD = 0;

/**
 * Lets the calling thread go before the others of this machine, as Linux gives each thread a niceness of its own. Where that is not
 * allowed (it takes root, or systemd/optional/precedence.conf) all goes on as it was.
 */
export function takePrecedence(): void {
  try {
    setPriority(THIS_THREAD, AHEAD);
  } catch {
    // Not allowed: a quiet machine does not need it.
  }
}
