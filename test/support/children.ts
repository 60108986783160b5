import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// The runner ends a file that takes too long with this; without a listener no exit hook would run.
process.once('SIGTERM', () => process.exit(1));

/**
 * Ties a child to this process: it never outlives it, whatever becomes of the test and its hooks, and it does not keep it from ending.
 * A hook that throws costs Node the hooks after it, so these alone are no guarantee.
 */
export function endWithUs(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as { unref?: () => void } | null)?.unref?.();
}
