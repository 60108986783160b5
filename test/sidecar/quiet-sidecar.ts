import type { Config } from '../../src/config/schema.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { SidecarOptions } from '../../src/sidecar/sidecar-options.ts';
import { Sidecar } from '../../src/sidecar.ts';

/** The whole sidecar in this process, without a log; a failure of one of its parts fails the test. */
export function quietSidecar(
  config: Config,
  { apiKey, secondSources = [] }: Partial<Pick<SidecarOptions, 'apiKey' | 'secondSources'>> = {},
): Sidecar {
  return new Sidecar({
    config,
    apiKey,
    feeds: [],
    secondSources,
    centralPassword: () => '',
    apiToken: undefined,
    piholePassword: undefined,
    version: '0',
    log: SILENT,
    now: Date.now,
    random: () => 0,
    pid: process.pid,
    memoryBytes: () => 0,
    onFailure: (error) => {
      throw error;
    },
  });
}
