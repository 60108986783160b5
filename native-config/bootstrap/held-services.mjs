import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { asRoot, writeAsRoot } from './root-run.mjs';

/** Debian's own switch: 101 forbids package scripts to start a service (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const MARK = '# Put here by Home Network Guardian while it installs packages.';

/**
 * Does `work` while no package script can start a service, and undoes that whatever happens: failure or signal. A switch
 * that somebody else put in place is left as it is; one of ours that a killed run left behind is taken away at the end.
 */
export async function withServicesHeld(work) {
  const present = textOf(POLICY);
  const isOurs = present === undefined || present.includes(MARK);
  let signalled;
  // While these stand, a signal ends only what runs for us (it is passed on there), and we get to the end of this.
  const note = (signal) => {
    signalled = signal;
  };
  for (const signal of SIGNALS) process.on(signal, note);
  try {
    if (present === undefined && !(await writeAsRoot(POLICY, `#!/bin/sh\n${MARK}\nexit 101\n`, '0755'))) {
      return { status: 1, output: `${POLICY}, which holds services back, cannot be written` };
    }
    return await work(() => signalled !== undefined);
  } finally {
    // On its own, so that a second Ctrl-C does not reach it.
    if (isOurs) await asRoot('rm', ['-f', POLICY], { detached: true });
    for (const signal of SIGNALS) process.off(signal, note);
    if (signalled !== undefined) process.exit(128 + constants.signals[signalled]);
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
