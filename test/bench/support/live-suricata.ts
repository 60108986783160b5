import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readSuricataStats } from '../../../src/eve/suricata-stats.ts';
import { networkNamespace } from '../../support/netns.ts';
import { type LiveSuricata, startSuricata } from '../../support/suricata.ts';
import { questionCounter, startBuiltDaemon } from './built-daemon.ts';
import { withShippedSendBuffer } from './shipped-send-buffer.ts';

/** DNS queries on the way from the wire into SQLite. */
export interface LiveResult {
  readonly sent: number;
  /** DNS transactions and dropped packets by Suricata's own count. */
  readonly transactions: number;
  readonly captureDrops: number;
  readonly received: number;
  readonly cpuUs: number;
}

const RATE = 10_000;
const SECONDS = 6;
const NAMES = 2_000;
const SENDER = fileURLToPath(new URL('./send-queries.pl', import.meta.url));
/** With version 2 of the kernel's ring, Suricata 7.0.10 was seen to stop for good after one round of it. */
const CAPTURE = ['--set', 'af-packet.0.tpacket-v3=yes'];
/** Longer than Suricata's `stats` interval, and than the daemon keeps counts to itself. */
const SETTLE_DEADLINE_MS = 20_000;

/** Real Suricata captures 10,000 queries a second in a network namespace and sends its records to the built daemon. */
export async function liveSuricata(dir: string): Promise<LiveResult> {
  const undo: (() => Promise<unknown>)[] = [];
  const context = { after: (fn: () => Promise<void>) => void undo.unshift(fn) };
  try {
    const daemon = await startBuiltDaemon(dir, 'stream');
    undo.unshift(() => daemon.end());
    const netns = await networkNamespace(context);
    const eve = { type: 'unix_stream', path: join(dir, 'eve.sock') } as const;
    const suricata = await withShippedSendBuffer(() =>
      startSuricata(context, { dir: join(dir, 'suricata'), netns, eve, args: CAPTURE }),
    );
    const cpu = daemon.cpuSeconds();
    const args = ['netns', 'exec', netns, 'perl', SENDER, String(RATE), String(SECONDS), String(NAMES)];
    const { stdout } = await promisify(execFile)('ip', args);
    const received = questionCounter(dir);
    const stats = await settled(suricata, received);
    const cpuUs = ((daemon.cpuSeconds() - cpu) / received()) * 1e6;
    return { sent: Number(stdout), ...stats, received: received(), cpuUs };
  } finally {
    for (const end of undo) await end();
  }
}

/** Suricata's last word, once it counts no more transactions and everything has had time to arrive. */
async function settled(
  suricata: LiveSuricata,
  received: () => number,
): Promise<Pick<LiveResult, 'transactions' | 'captureDrops'>> {
  const deadline = Date.now() + SETTLE_DEADLINE_MS;
  for (;;) {
    await pause(2000);
    const record = suricata.events().findLast(({ event_type }) => event_type === 'stats');
    const { dnsTransactions, kernelDrops } = readSuricataStats(record?.stats, 0);
    const isComplete = dnsTransactions > 0 && received() === dnsTransactions;
    if (isComplete || Date.now() > deadline) return { transactions: dnsTransactions, captureDrops: kernelDrops };
  }
}
