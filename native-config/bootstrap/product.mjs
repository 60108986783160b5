import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foreseen, ROOT, runQuietly } from './run.mjs';

/** Compiled parts that a running guardian loads, and nothing else of a `build` folder. */
const COMPILED = /^build(?:\/Release(?:\/(?!test_)[^/]+\.node)?)?$/;

/** Sources of compiled packages: megabytes that nothing reads after the build. */
const SOURCES_OF_COMPILED = /^(?:deps|src|test|build)(?:\/|$)/;

/**
 * Puts what runs into a new folder: the files of package.json's "files", as `npm pack` chooses them, and the Node packages they need,
 * as they are installed here, compiled for the Node that runs this. `dist` must be built.
 */
export async function stageProduct(folder) {
  mkdirSync(folder, { recursive: true });
  await unpackOwnFiles(folder);
  for (const path of neededPackages()) copyPackage(path, folder);
}

async function unpackOwnFiles(folder) {
  const pack = await runQuietly('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const tarball = pack.output.trim().split('\n').at(-1) ?? '';
  if (pack.status !== 0) throw foreseen(`Cannot pack the project: npm pack failed\n${pack.output}`);
  const args = [
    '--extract',
    '--file',
    join(folder, tarball),
    '--directory',
    folder,
    '--strip-components=1',
    '--no-same-owner',
  ];
  const { status, output } = await runQuietly('tar', args);
  if (status !== 0) throw foreseen(`Cannot unpack ${tarball}: ${output}`);
  rmSync(join(folder, tarball));
}

/** Folders below node_modules that package-lock.json marks as needed at run time and that are installed. */
function neededPackages() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const installed = new Set(
    Object.keys(JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')).packages),
  );
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true && installed.has(path))
    .map(([path]) => path);
}

function copyPackage(path, folder) {
  const from = join(ROOT, path);
  const isCompiled = readdirSync(from).includes('binding.gyp');
  const filter = (source) => {
    const inside = source.slice(from.length + 1);
    // Packages inside packages have entries, and so turns, of their own.
    if (/^node_modules(?:\/|$)/.test(inside)) return false;
    return !isCompiled || !SOURCES_OF_COMPILED.test(inside) || COMPILED.test(inside);
  };
  cpSync(from, join(folder, path), { recursive: true, filter });
}
