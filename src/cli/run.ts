import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load-config.ts';
import { createStdoutLog } from '../ops/logger.ts';
import { NotifySocket } from '../ops/systemd-notify.ts';
import { startReceiver } from '../sidecar/receiver-ahead.ts';
import type { CliIo } from './cli-io.ts';
import { withHelp } from './command-help.ts';

/** `guardian run`. */
export function registerRun(program: Command, io: CliIo): void {
  const command = program
    .command('run')
    .summary('the daemon, in the foreground')
    .description(
      'Runs the daemon in the foreground, with JSON logs on stdout. SIGTERM and SIGINT drain and end it within 5 seconds. SIGHUP reads the configuration again, takes over allow, policy, feeds and the key, and says what waits for a restart.',
    )
    .option('-c, --config <file>', 'configuration', DEFAULT_CONFIG_PATH);
  withHelp(command, {
    examples: [
      ['guardian run', `with ${DEFAULT_CONFIG_PATH}`],
      ['guardian run --config ./guardian.yaml', 'with another configuration'],
    ],
  }).action(async ({ config: path }: { config: string }) => {
    const config = loadConfig({ path });
    const log = createStdoutLog(config.logLevel);
    const systemd = new NotifySocket(io.env.NOTIFY_SOCKET, log);
    const notify = (message: string) => systemd.send(message);
    if (config.eve.type === 'dgram') {
      const { runBesideReceiver } = await import('./daemon-beside.ts');
      await runBesideReceiver({ path, log, io, notify });
      return;
    }
    // Loads on a core of its own while the daemon loads on this one: together they are most of what a start takes.
    const receiver = startReceiver(config);
    try {
      const { runDaemon } = await import('./run-daemon.ts');
      await runDaemon({ path, config, log, io: { ...io, notify }, receiver });
    } finally {
      await receiver.terminate();
    }
  });
}
