import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CheckItem } from '../sidecar/check-probes.ts';

/** Whether this user can write files into a folder, or could make it. */
export function checkFolder(name: string, folder: string): CheckItem {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return missing(name, folder);
  if (!found.isDirectory())
    return { state: 'bad', name, found: `${folder} is no folder`, hint: 'Move it away, or name another.' };
  if (mayWrite(folder)) return { state: 'ok', name, found: `${folder} is writable` };
  return {
    state: 'bad',
    name,
    found: `this user may not write to ${folder}`,
    hint: `Run "chown" or "chmod g+w" on ${folder}, or check as the daemon's user.`,
  };
}

function missing(name: string, folder: string): CheckItem {
  const parent = nearestFolder(folder);
  if (mayWrite(parent)) return { state: 'ok', name, found: `${folder} is not there yet and can be made` };
  return {
    state: 'bad',
    name,
    found: `${folder} is not there and this user may not make it in ${parent}`,
    hint: `Run "mkdir -p ${folder}" as root and give it to the daemon's user.`,
  };
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return parent === path || statSync(parent, { throwIfNoEntry: false }) !== undefined ? parent : nearestFolder(parent);
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
