import { join } from 'node:path';
import { OperatorError } from '../../core/errors.ts';
import { PRODUCT } from './product.ts';
import { DONE, type Finding, NEEDED, type Site, type Step } from './step.ts';

/** The daemon's user and group. */
export const USER = 'guardian';

/** A system user without a home of its own and without a shell. */
export const userStep: Step = {
  title: `create user and group ${USER}`,

  look({ system }): Finding {
    if (system.idOf('passwd', USER) === undefined) return NEEDED;
    const shell = system.shellOf(USER);
    if (/\/(?:nologin|false)$/.test(shell)) return DONE;
    const hint = `Rename that account, or let nobody log in by it: usermod --shell /usr/sbin/nologin ${USER}`;
    return {
      state: 'refused',
      why: `somebody logs in by that name (shell ${shell}) and would hold what guardian holds`,
      hint,
    };
  },

  async perform({ system, manifest }: Site): Promise<void> {
    manifest.note({ kind: 'user', name: USER });
    await system.tool('systemd-sysusers', [`--root=${system.root}`, join(PRODUCT, 'systemd/sysusers.d/guardian.conf')]);
  },
};

/** Number of the daemon's group. @throws OperatorError when it is not there. */
export function guardianIds({ system }: Site): { readonly uid: number; readonly gid: number } {
  const uid = system.idOf('passwd', USER);
  const gid = system.idOf('group', USER);
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  throw new OperatorError(`Cannot give anything to "${USER}": there is no such user and group, want both`, {
    hint: `Run "groupadd --system ${USER}" and "useradd --system --gid ${USER} ${USER}".`,
  });
}
