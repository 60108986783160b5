import type { CanaryDocument } from '../api/canary.ts';
import { PUBLISH_TIMEOUT_MS } from '../api/publish-document.ts';
import type { CheckItem } from '../sidecar/check-probes.ts';
import { failedItem } from './check-failure.ts';
import type { CliIo } from './cli-io.ts';
import { ControlClient } from './control-client.ts';

/** Lets the running daemon publish a harmless name of ours everywhere, and says what came of it: one item for each target. */
export async function checkCanary(socket: string, io: CliIo): Promise<readonly CheckItem[]> {
  try {
    const client = new ControlClient(socket, io.signal);
    const run = await client.ask<CanaryDocument>({ method: 'POST', path: '/v1/canary', timeoutMs: PUBLISH_TIMEOUT_MS });
    return run.targets.map(itemOf);
  } catch (error) {
    return [failedItem('canary', error)];
  }
}

function itemOf({ target, outcome, took_ms, why }: CanaryDocument['targets'][number]): CheckItem {
  const name = `canary ${target}`;
  if (outcome === 'proved')
    return { state: 'ok', name, found: `published, found there after ${took_ms} ms, withdrawn and gone` };
  if (outcome === 'unsupported') return { state: 'ok', name, found: 'holds no names' };
  return {
    state: 'bad',
    name,
    found: `${outcome.replace('_', ' ')}${why === undefined ? '' : `: ${why}`}`,
    hint: HINT,
  };
}

const HINT = 'See the target in "guardian status".';
