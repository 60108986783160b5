import { UnavailableError } from '../../core/errors.ts';

/**
 * Runs work that writes files and turns the refusals of a file system into words for the operator.
 * @throws UnavailableError for a folder that is missing or forbidden and for a full disk; other errors as they are.
 */
export async function explainWrites<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '', path } = error as NodeJS.ErrnoException;
    const hint = HINTS[code];
    if (hint === undefined) throw error;
    throw new UnavailableError(`Cannot write ${path === undefined ? 'files' : `"${path}"`}: ${code}`, {
      cause: error,
      hint,
    });
  }
}

const RIGHTS = "Give guardian's user the right to write suricata.rules_file and suricata.datasets_dir.";
const SPACE = 'Make room on this disk; what is published already stays in force.';
const FOLDER = 'Create the folder, or correct suricata.rules_file and suricata.datasets_dir.';
const HINTS: Readonly<Record<string, string>> = {
  EACCES: RIGHTS,
  EPERM: RIGHTS,
  EROFS: RIGHTS,
  ENOSPC: SPACE,
  EDQUOT: SPACE,
  ENOENT: FOLDER,
  ENOTDIR: FOLDER,
};
