import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from './build.mjs';
import { stageProduct } from './product.mjs';
import { foreseen, ROOT, runQuietly } from './run.mjs';

const NAME = 'home-network-guardian';
const PRODUCT = `usr/lib/${NAME}`;
const DOC = `usr/share/doc/${NAME}`;

/** Where the files of the project that belong to others' folders go. */
const PLACES = [
  ['systemd/guardian.service', 'usr/lib/systemd/system/guardian.service'],
  ['systemd/sysusers.d/guardian.conf', 'usr/lib/sysusers.d/guardian.conf'],
  ['systemd/tmpfiles.d/guardian.conf', 'usr/lib/tmpfiles.d/guardian.conf'],
  ['native-config/sysctl/60-guardian.conf', 'usr/lib/sysctl.d/60-guardian.conf'],
  ['native-config/install/guardian.yaml', 'etc/guardian/guardian.yaml'],
  ['native-config/guardian.example.yaml', `${DOC}/guardian.example.yaml`],
  ['README.md', `${DOC}/README.md`],
  ['CHANGELOG.md', `${DOC}/CHANGELOG.md`],
  ['LICENSE', `${DOC}/copyright`],
];

/** What dpkg reads; the rest of native-config/debian is no script. */
const SCRIPTS = ['postinst', 'prerm', 'postrm'];

/** Builds the Debian package for this machine's architecture and Node into a folder, and resolves with its path. */
export async function buildDeb(folder) {
  await build();
  const scratch = mkdtempSync(join(tmpdir(), 'guardian-deb-'));
  try {
    const tree = join(scratch, 'tree');
    await stageProduct(join(tree, PRODUCT));
    for (const [from, to] of PLACES) place(from, join(tree, to));
    mkdirSync(join(tree, 'usr/bin'), { recursive: true });
    symlinkSync(`../lib/${NAME}/dist/main.js`, join(tree, 'usr/bin/guardian'));
    const architecture = (await mustRun('dpkg', ['--print-architecture'])).trim();
    writeControl(tree, architecture);
    // Whatever umask this runs under.
    await mustRun('chmod', ['-R', 'u=rwX,go=rX', tree]);
    mkdirSync(folder, { recursive: true });
    const file = resolve(folder, `${NAME}_${version()}_${architecture}.deb`);
    await mustRun('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
    return file;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(ROOT, from), to);
}

function writeControl(tree, architecture) {
  const folder = join(tree, 'DEBIAN');
  const values = {
    VERSION: version(),
    ARCHITECTURE: architecture,
    INSTALLED_SIZE: String(Math.ceil(bytesBelow(tree) / 1024)),
    // Compiled packages load in one major version of Node.
    NODE_MAJOR: process.versions.node.split('.')[0],
    NODE_NEXT: String(Number(process.versions.node.split('.')[0]) + 1),
    LIBC: newestLibc(tree),
  };
  mkdirSync(folder);
  for (const name of ['control', 'conffiles', ...SCRIPTS]) {
    const text = readFileSync(join(ROOT, 'native-config/debian', name), 'utf8');
    writeFileSync(
      join(folder, name),
      text.replace(/@(\w+)@/g, (_, key) => values[key]),
    );
  }
  for (const name of SCRIPTS) chmodSync(join(folder, name), 0o755);
}

function version() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
}

/** The newest version of the C library that a compiled package asks for: a symbol carries the version it came with. */
function newestLibc(tree) {
  const minors = filesBelow(join(tree, PRODUCT, 'node_modules'))
    .filter((path) => path.endsWith('.node'))
    .flatMap((path) => [...readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor)));
  return `2.${Math.max(...minors)}`;
}

function bytesBelow(folder) {
  return filesBelow(folder).reduce((sum, path) => sum + statSync(path).size, 0);
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function mustRun(program, args) {
  const { status, output } = await runQuietly(program, args);
  if (status !== 0) throw foreseen(`Cannot build the package: ${program} failed\n${output.trim()}`);
  return output;
}
