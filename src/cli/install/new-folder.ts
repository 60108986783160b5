import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Site } from './step.ts';

/** Makes a folder of root and those on the way to it, each noted before it is made. Where it is there, does nothing. */
export function makeFolder(site: Site, path: string): void {
  const { system, manifest } = site;
  if (system.has(path)) return;
  makeFolder(site, dirname(path));
  manifest.note({ kind: 'folder', path });
  mkdirSync(system.at(path));
  // The umask cuts a mode given at creation.
  system.setOwnership(path, { mode: 0o755, uid: 0, gid: 0 });
}
