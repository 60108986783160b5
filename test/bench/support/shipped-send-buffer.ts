import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SEND_BUFFER = '/proc/sys/net/core/wmem_default';
const SHIPPED_SYSCTL = fileURLToPath(new URL('../../../native-config/sysctl/60-guardian.conf', import.meta.url));

/** Does `work` under what our sysctl file sets: a sender's socket gets it when it is made. Only root may set it; else it is said. */
export async function withShippedSendBuffer<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) {
    console.log(`Not root, so ${SEND_BUFFER} stays what it is, and less fits than with our sysctl file.`);
    return work();
  }
  const before = readFileSync(SEND_BUFFER, 'utf8');
  const shipped = /^net\.core\.wmem_default = (\d+)$/m.exec(readFileSync(SHIPPED_SYSCTL, 'utf8'))?.[1];
  if (shipped === undefined)
    throw new Error(`Cannot read ${SHIPPED_SYSCTL}: it has no net.core.wmem_default, want one`);
  writeFileSync(SEND_BUFFER, shipped);
  try {
    return await work();
  } finally {
    writeFileSync(SEND_BUFFER, before);
  }
}
