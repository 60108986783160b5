import { DONE, type Finding, NEEDED, type Step } from './step.ts';
import type { TargetSystem } from './target-system.ts';

/** The daemon's unit. */
export const UNIT = 'guardian.service';

/** Units and drop-ins that systemd reads anew. */
const UNIT_FILES = '/etc/systemd/system/';

/** Starts the daemon now and at every boot, with the units as they are on the disk. */
export const serviceStep: Step = {
  title: `enable and start ${UNIT}`,

  async look({ system, written }): Promise<Finding> {
    if (!system.isBooted) return { state: 'skipped', why: 'no systemd runs here' };
    if ([...written].some((path) => path.startsWith(UNIT_FILES))) return NEEDED;
    const isFresh = (await property(system, 'NeedDaemonReload')) === 'no';
    return isFresh && (await isEnabled(system)) && (await property(system, 'ActiveState')) === 'active' ? DONE : NEEDED;
  },

  async perform({ system, manifest }): Promise<void> {
    await system.tool('systemctl', ['daemon-reload']);
    // What a package of the distribution has enabled is for that to disable.
    if (!(await isEnabled(system))) {
      manifest.note({ kind: 'unit', name: UNIT });
      await system.tool('systemctl', ['enable', UNIT]);
    }
    // Not "start": a daemon that runs would go on by its old unit.
    await system.tool('systemctl', ['restart', UNIT]);
  },
};

async function isEnabled(system: TargetSystem): Promise<boolean> {
  return (await property(system, 'UnitFileState')) === 'enabled';
}

async function property(system: TargetSystem, name: string): Promise<string> {
  return (await system.tool('systemctl', ['show', '--value', `--property=${name}`, UNIT])).trim();
}
