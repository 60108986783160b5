import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What the account tools leave beside their files: a lock, and each file as it was before its last change. */
const OF_ACCOUNT_TOOLS = /(?:^|\/)(?:\.pwd\.lock|(?:passwd|group|shadow|gshadow)-)$/;

/** Every file and folder below one, with mode, owner and content, but what account tools keep for themselves. */
export function treeOf(root: string): ReadonlyMap<string, string> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !OF_ACCOUNT_TOOLS.test(path))
    .sort();
  return new Map(
    paths.map((path) => {
      const { mode, uid, gid } = lstatSync(path);
      return [relative(root, path), `${mode.toString(8)} ${uid}:${gid} ${contentOf(path)}`];
    }),
  );
}

function contentOf(path: string): string {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return readlinkSync(path);
  return entry.isFile() ? readFileSync(path, 'latin1') : '';
}
