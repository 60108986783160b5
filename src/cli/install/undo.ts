import { existsSync, lchownSync, lstatSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Change, Lines, MadeFile } from './manifest.ts';
import { withoutOurs } from './marked-lines.ts';
import { SuricataSettings } from './suricata-settings.ts';
import { readSetting, writeSetting } from './sysctl-step.ts';
import { digestOf, type Ownership, type TargetSystem } from './target-system.ts';

/**
 * What became of one change. `kept`: a person has made it theirs, or something still stands in it; nothing was touched.
 * `NOT done`: it must go, and cannot before a person has done what `why` says.
 */
export interface Undone {
  readonly outcome: 'undone' | 'kept' | 'gone' | 'NOT done';
  readonly what: string;
  readonly why?: string;
}

/** Takes one change back, and only that. @throws OperatorError when a tool that is needed for it fails. */
export async function undo(change: Change, system: TargetSystem): Promise<Undone> {
  switch (change.kind) {
    case 'unit':
      return undoUnit(change.name, system);
    case 'lines':
      return undoLines(change, system);
    case 'file':
      return undoFile(change, system);
    case 'folder':
      return undoFolder(change.path, system);
    case 'ownership':
      return undoOwnership(change, system);
    case 'setting':
      return undoSetting(change);
    case 'user':
      return undoUser(change.name, system);
  }
}

async function undoUnit(name: string, system: TargetSystem): Promise<Undone> {
  const what = `stop and disable ${name}`;
  if (!system.isBooted) return { outcome: 'gone', what, why: 'no systemd runs here' };
  await system.tool('systemctl', ['disable', '--now', name]);
  return { outcome: 'undone', what };
}

function undoLines({ path, backup, items }: Lines, system: TargetSystem): Undone {
  const what = `take our lines out of ${path}`;
  const text = system.read(path);
  if (text === undefined) return { outcome: 'gone', what, why: 'the file is not there' };
  const clean = withoutOurs(text, items);
  if (clean !== text) system.write(path, clean, system.ownership(path));
  system.remove(path, { onlyUnfinished: true });
  system.remove(backup);
  return { outcome: clean === text ? 'gone' : 'undone', what };
}

async function undoFile({ path, digests, includedBy }: MadeFile, system: TargetSystem): Promise<Undone> {
  const what = `remove ${path}`;
  const text = system.read(path);
  system.remove(path, { onlyUnfinished: true });
  if (text === undefined) return { outcome: 'gone', what };
  if (!digests.includes(digestOf(text))) return { outcome: 'kept', what, why: 'you changed it' };
  const takes = async (): Promise<boolean> => includedBy === undefined || (await isTaken(includedBy, system));
  const tookBefore = await takes();
  const ownership = system.ownership(path);
  system.remove(path);
  if (!tookBefore || (await takes())) return { outcome: 'undone', what };
  system.write(path, text, ownership);
  const why = `Suricata still includes it and does not start without it; take "!include ${basename(path)}" out of its configuration, and run this again`;
  return { outcome: 'NOT done', what, why };
}

/** Whether Suricata takes its configuration as it is now; so it does where there is no Suricata any more. */
async function isTaken({ binary, config }: Required<MadeFile>['includedBy'], system: TargetSystem): Promise<boolean> {
  if (!system.has(config) || !(await system.canRun(binary))) return true;
  return SuricataSettings.read(system, binary, config).then(
    () => true,
    () => false,
  );
}

function undoFolder(path: string, system: TargetSystem): Undone {
  const what = `remove folder ${path}`;
  if (!system.has(path)) return { outcome: 'gone', what };
  if (!lstatSync(system.at(path)).isDirectory()) return { outcome: 'kept', what, why: 'it is no folder any more' };
  const count = readdirSync(system.at(path)).length;
  if (count > 0) return { outcome: 'kept', what, why: 'it is not empty' };
  rmdirSync(system.at(path));
  return { outcome: 'undone', what };
}

function undoOwnership({ path, before, after }: Extract<Change, { kind: 'ownership' }>, system: TargetSystem): Undone {
  const what = `give ${path} its mode and owner back`;
  if (!system.has(path)) return { outcome: 'gone', what };
  if (system.foreignLink(path) !== undefined) return { outcome: 'kept', what, why: 'a link stands in its place' };
  if (!isSame(system.ownership(path), after)) return { outcome: 'kept', what, why: 'you changed it' };
  system.setOwnership(path, before);
  return { outcome: 'undone', what };
}

function undoSetting({ name, before, after }: Extract<Change, { kind: 'setting' }>): Undone {
  const what = `set ${name} back to ${before}`;
  const present = readSetting(name);
  if (present === '' || present === before) return { outcome: 'gone', what };
  if (present !== after) return { outcome: 'kept', what, why: `you changed it to ${present}` };
  writeSetting(name, before);
  return { outcome: 'undone', what };
}

/** What the daemon left stays readable for root; a number without a user would go to the next user that is made. */
async function undoUser(name: string, system: TargetSystem): Promise<Undone> {
  const what = `remove user and group ${name}`;
  const uid = system.idOf('passwd', name);
  const gid = system.idOf('group', name);
  if (uid === undefined && gid === undefined) return { outcome: 'gone', what };
  for (const folder of LEFT_BEHIND) giveToRoot(system.at(folder), { uid, gid });
  const prefix = system.root === '/' ? [] : ['--prefix', system.root];
  if (uid !== undefined) await system.tool('userdel', [...prefix, name]);
  // userdel takes the group along where login.defs says so.
  if (system.idOf('group', name) !== undefined) await system.tool('groupdel', [...prefix, name]);
  return { outcome: 'undone', what };
}

const LEFT_BEHIND = ['/etc/guardian', '/var/lib/guardian', '/var/lib/suricata/rules', '/var/lib/suricata/datasets'];

/** Files of this user and group below a path, without following links. */
function giveToRoot(path: string, owner: { readonly uid: number | undefined; readonly gid: number | undefined }): void {
  if (!existsSync(path)) return;
  const { uid, gid } = lstatSync(path);
  if (uid === owner.uid || gid === owner.gid)
    lchownSync(path, uid === owner.uid ? 0 : uid, gid === owner.gid ? 0 : gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveToRoot(join(path, name), owner);
}

function isSame(one: Ownership, other: Ownership): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}
