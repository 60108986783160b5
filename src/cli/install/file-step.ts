import { basename, dirname } from 'node:path';
import type { MadeFile } from './manifest.ts';
import { makeFolder } from './new-folder.ts';
import { DONE, type Finding, NEEDED, type Step } from './step.ts';
import { digestOf } from './target-system.ts';
import { guardianIds } from './user-step.ts';

/** A file of ours. */
export interface WantedFile {
  readonly path: string;
  readonly text: string;
  /** Secret from others: the daemon's group reads it. Default: everybody may. */
  readonly isPrivate?: boolean;
  /** A person's to change: once it is there it is left alone, whatever it holds. */
  readonly isStartOnly?: boolean;
  /** Folder where a package of the distribution would have put it. */
  readonly packaged?: string;
  /** Whose configuration may include it. */
  readonly includedBy?: MadeFile['includedBy'];
}

/** Writes a file of ours, and later its newer text, unless a person changed it meanwhile. */
export function fileStep(wanted: WantedFile): Step {
  const { path, text, isPrivate = false, isStartOnly = false, packaged, includedBy } = wanted;
  return {
    title: `write ${path}`,

    look({ system, manifest }): Finding {
      if (packaged !== undefined && system.has(`${packaged}/${basename(path)}`)) {
        return { state: 'done', why: `the package has it in ${packaged}` };
      }
      const present = system.read(path);
      if (present === undefined) return NEEDED;
      if (isStartOnly) return { state: 'done', why: 'it is there already and yours' };
      if (present === text) return DONE;
      const ours = manifest.find('file', path);
      return ours?.digests.includes(digestOf(present)) === true
        ? NEEDED
        : { state: 'skipped', why: 'you changed it, so it is left as it is' };
    },

    perform(site): void {
      const { system, manifest } = site;
      makeFolder(site, dirname(path));
      // The older ones stay noted: killed before the next line, what lies there is still ours.
      const digests = [...new Set([...(manifest.find('file', path)?.digests ?? []), digestOf(text)])];
      manifest.note({ kind: 'file', path, digests, ...(includedBy === undefined ? {} : { includedBy }) });
      site.written.add(path);
      const { gid } = isPrivate ? guardianIds(site) : { gid: 0 };
      system.write(path, text, { mode: isPrivate ? 0o640 : 0o644, uid: 0, gid });
    },
  };
}
