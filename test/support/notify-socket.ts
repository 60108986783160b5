import { join } from 'node:path';
import unixDgram from 'unix-dgram';
import { tempDir } from './temp-dir.ts';

interface TestContext {
  after(fn: () => void): void;
}

/** A socket as systemd owns one (`NOTIFY_SOCKET`, sd_notify(3)), and every message that came to it. */
export interface NotifySocket {
  readonly path: string;
  readonly received: string[];
}

/** Opens a notify socket that is closed when the test ends. */
export function notifySocket(t: TestContext, path = join(tempDir(t), 'notify')): NotifySocket {
  const received: string[] = [];
  const server = unixDgram.createSocket('unix_dgram', (data) => received.push(data.toString()));
  server.bind(path);
  t.after(() => server.close());
  return { path, received };
}
