import { DONE, type Finding, NEEDED, type Step } from './step.ts';

/** The daemon's unit. */
export const UNIT = 'guardian.service';

/** Units and drop-ins that systemd reads anew. */
const UNIT_FILES = '/etc/systemd/system/';

/** Starts the daemon now and at every boot, with the units as they are on the disk. */
export const serviceStep: Step = {
  title: `enable and start ${UNIT}`,

  async look({ system, written }): Promise<Finding> {
    if (!system.isBooted) return { state: 'skipped', why: 'no systemd runs here' };
    const state = await system.tool('systemctl', [
      'show',
      '--value',
      '--property=ActiveState,UnitFileState,NeedDaemonReload',
      UNIT,
    ]);
    if ([...written].some((path) => path.startsWith(UNIT_FILES))) return NEEDED;
    const words = state.trim().split('\n').sort().join(' ');
    return words === 'active enabled no' ? DONE : NEEDED;
  },

  async perform({ system, manifest }): Promise<void> {
    manifest.note({ kind: 'unit', name: UNIT });
    await system.tool('systemctl', ['daemon-reload']);
    await system.tool('systemctl', ['enable', UNIT]);
    // Not "start": a daemon that runs would go on by its old unit.
    await system.tool('systemctl', ['restart', UNIT]);
  },
};
