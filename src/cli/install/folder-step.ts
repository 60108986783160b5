import { makeFolder } from './new-folder.ts';
import { DONE, type Finding, NEEDED, type Site, type Step } from './step.ts';
import { guardianIds } from './user-step.ts';

/** A folder as the daemon needs it. */
export interface WantedFolder {
  readonly path: string;
  readonly mode: number;
  /** Whose it is; its group is always the daemon's. */
  readonly owner: 'root' | 'guardian';
}

/** Makes a folder, or opens one that is root's to the daemon's group. */
export function folderStep(wanted: WantedFolder): Step {
  const { path, mode, owner } = wanted;
  const ownershipIn = (site: Site) => {
    const { uid, gid } = guardianIds(site);
    return { mode, uid: owner === 'root' ? 0 : uid, gid };
  };
  return {
    title: `make folder ${path}, mode ${mode.toString(8).padStart(4, '0')}, of ${owner} and group guardian`,

    look(site): Finding {
      const { system } = site;
      if (!system.has(path)) return NEEDED;
      // The daemon may write beside its lists: a link it put there must not have root give it another folder.
      const linker = system.foreignLink(path);
      if (linker !== undefined) return othersLink(path, linker);
      const present = system.ownership(path);
      if (system.idOf('group', 'guardian') === undefined) return NEEDED;
      const after = ownershipIn(site);
      if (present.mode === after.mode && present.uid === after.uid && present.gid === after.gid) return DONE;
      return isFree(present, after) ? NEEDED : othersFolder(path, present);
    },

    perform(site): void {
      const { system, manifest } = site;
      const after = ownershipIn(site);
      if (system.has(path)) {
        const before = manifest.find('ownership', path)?.before ?? system.ownership(path);
        if (manifest.find('folder', path) === undefined) manifest.note({ kind: 'ownership', path, before, after });
      } else {
        makeFolder(site, path);
      }
      system.setOwnership(path, after);
    },
  };
}

/** Root's folder may be opened to our group, and what an earlier installation left is ours; a third party's may not. */
function isFree(present: { uid: number; gid: number }, after: { uid: number; gid: number }): boolean {
  return (present.uid === 0 || present.uid === after.uid) && (present.gid === 0 || present.gid === after.gid);
}

function othersFolder(path: string, { uid, gid }: { uid: number; gid: number }): Finding {
  const why = `it belongs to user ${uid} and group ${gid}, want root's`;
  const hint = `Let guardian write to it: setfacl -m u:guardian:rwx ${path}`;
  return { state: 'refused', why, hint };
}

function othersLink(path: string, uid: number): Finding {
  const hint = `Look where it leads and who made it, then remove it: rm ${path}`;
  return { state: 'refused', why: `it is a link of user ${uid}, want a folder`, hint };
}
