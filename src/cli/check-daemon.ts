import type { StatusDocument } from '../api/status-facts.ts';
import type { CheckItem } from '../sidecar/check-probes.ts';
import { failedItem } from './check-failure.ts';
import type { CliIo } from './cli-io.ts';
import { ControlClient } from './control-client.ts';
import { spanText } from './wording.ts';

const TIMEOUT_MS = 5000;

/** Whether a daemon answers. One that does not run is no fault of the machine, so that is a warning. */
export async function checkDaemon(socket: string, io: CliIo): Promise<CheckItem> {
  const name = 'daemon';
  try {
    const client = new ControlClient(socket, io.signal);
    const status = await client.ask<StatusDocument>({ method: 'GET', path: '/v1/status', timeoutMs: TIMEOUT_MS });
    const up = spanText(io.now() - Date.parse(status.started_at));
    return { state: 'ok', name, found: `${status.version} answers at ${socket}, up ${up}` };
  } catch (error) {
    return failedItem(name, error, 'warn');
  }
}
