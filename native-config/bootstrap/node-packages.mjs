import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BUILD_NEEDS, ensurePackages, PACKAGES_COMMAND } from './debian-packages.mjs';
import { foreseen, ROOT, runForeground } from './run.mjs';

/** Native packages: compiled for one version of Node. */
const NATIVE = ['better-sqlite3/build/Release/better_sqlite3.node', 'unix-dgram/build/Release/unix_dgram.node'];

/** What a native package calls that was compiled with the header of Node 24.19 or later as it is: see object-wrap.h. */
const FATAL_CALL = 'RemoveEnvironmentCleanupHook';

/** Installs the Node packages when they are missing, differ from package-lock.json, or were built for another Node. */
export async function ensureNodePackages() {
  const stale = staleReason();
  if (stale !== undefined) {
    console.error(
      `Installing Node packages (npm ci), because ${stale}. Native ones may be compiled, which takes minutes.`,
    );
    await npm(['ci', '--include=dev', '--no-audit', '--no-fund']);
  }
  await rebuild(
    NATIVE.filter((path) => !loads(path)),
    `not loadable in Node ${process.versions.node}`,
  );
  await rebuild(NATIVE.filter(aborts), `compiled so that Node ${process.versions.node} may abort`);
}

async function rebuild(broken, why) {
  if (broken.length === 0) return;
  const names = broken.map((path) => path.split('/', 1)[0]);
  console.error(`Building ${names.join(', ')} again (npm rebuild): ${why}.`);
  // A binary that was downloaded is what is being replaced.
  await npm(['rebuild', ...names], { npm_config_build_from_source: 'true' });
}

async function npm(args, more = {}) {
  const canBuild = await ensurePackages(BUILD_NEEDS, {});
  const env = { ...process.env, ...headersOfThisNode(), CXXFLAGS: compilerFlags(), ...more };
  const status = await runForeground('npm', args, { env });
  if (status === 0) return;
  // Said again, since npm has written pages since it was said first. Another compiler than Debian's might have done.
  const why = canBuild
    ? 'see above'
    : `and the packages that native ones are compiled with are missing. Run as root: ${PACKAGES_COMMAND}`;
  throw foreseen(`Cannot install the Node packages: "npm ${args[0]}" failed, ${why}`);
}

/** Why the installed packages are not those of package-lock.json; `undefined` when they are. */
function staleReason() {
  const installed = packagesOf(join(ROOT, 'node_modules/.package-lock.json'));
  if (installed === undefined) return 'there are none';
  for (const [path, wanted] of Object.entries(packagesOf(join(ROOT, 'package-lock.json')) ?? {})) {
    // '' is the project itself; optional packages are left out where they are for another platform.
    if (path === '' || (wanted.optional === true && installed[path] === undefined)) continue;
    if (installed[path]?.version !== wanted.version) return `${path} ${wanted.version} is not installed`;
    if (!existsSync(join(ROOT, path))) return `${path} is gone`;
  }
  return undefined;
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function loads(path) {
  try {
    createRequire(import.meta.url)(join(ROOT, 'node_modules', path));
    return true;
  } catch {
    return false;
  }
}

function aborts(path) {
  try {
    return readFileSync(join(ROOT, 'node_modules', path), 'latin1').includes(FATAL_CALL);
  } catch {
    return false;
  }
}

/** Quoted for the shell that make runs the compiler in. */
function compilerFlags() {
  const header = join(ROOT, 'native-config/bootstrap/object-wrap.h');
  return [process.env.CXXFLAGS ?? '', `-include "${header}"`].join(' ').trim();
}

/** Spares the download of Node's headers where they were installed with Node itself. */
function headersOfThisNode() {
  const prefix = dirname(dirname(process.execPath));
  try {
    const header = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8');
    const numberOf = (name) => new RegExp(`#define NODE_${name}_VERSION ([0-9]+)`).exec(header)?.[1];
    const version = [numberOf('MAJOR'), numberOf('MINOR'), numberOf('PATCH')].join('.');
    return version === process.versions.node ? { npm_package_config_node_gyp_nodedir: prefix } : {};
  } catch {
    return {};
  }
}
