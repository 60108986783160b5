import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { bundle } from './bundle.mjs';
import { foreseen, ROOT, runForeground } from './run.mjs';

const STAMP = 'dist/.built';
const SHEBANG = '#!/usr/bin/env node\n';

/** Compiles and bundles `src` into `dist` when a source is newer than the last build. */
export async function build() {
  if (!isStale()) return;
  const startedAt = Date.now();
  // Said before, since it takes a while, and not on stdout, which belongs to what is asked for ("npm start -s -- status --json").
  console.error('Building dist, since src is newer.');
  // Built beside and then put in place, so that a failed build leaves the old one whole.
  const next = `dist.${process.pid}`;
  const compiled = `${next}.compiled`;
  try {
    const status = await runForeground('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', compiled]);
    if (status !== 0) throw foreseen('Cannot build dist: the compiler found errors, see above');
    await bundle(compiled, next);
    copyOthers(next);
    makeExecutable(join(ROOT, next, 'main.js'));
    writeFileSync(join(ROOT, next, '.built'), '');
    rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
    renameSync(join(ROOT, next), join(ROOT, 'dist'));
  } finally {
    for (const folder of [next, compiled]) rmSync(join(ROOT, folder), { recursive: true, force: true });
  }
  console.error(`Built dist in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
}

function isStale() {
  const builtAt = modifiedAt(STAMP);
  const sources = filesBelow('src').map((file) => join('src', file));
  return [
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
    ...sources,
    ...foldersBelow('src'),
  ].some((path) => modifiedAt(path) > builtAt);
}

/** Everything that is no TypeScript (migrations, data), except entries that exist only to run TypeScript directly. */
function copyOthers(outDir) {
  for (const file of filesBelow('src')) {
    if (file.endsWith('.ts')) continue;
    const from = join(ROOT, 'src', file);
    if (file.endsWith('.mjs') && readFileSync(from, 'utf8').includes('tsx/esm')) continue;
    const to = join(ROOT, outDir, file);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
}

function makeExecutable(path) {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(path, SHEBANG + text);
  chmodSync(path, 0o755);
}

function modifiedAt(path) {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function filesBelow(folder) {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const start = join(ROOT, folder).length + 1;
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(start));
}

/** A removed file shows only in its folder's time. */
function foldersBelow(folder) {
  return [...new Set(filesBelow(folder).map((file) => join(folder, dirname(file))))];
}
