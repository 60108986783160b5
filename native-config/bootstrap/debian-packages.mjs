import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasSuite, siblingSource } from './apt-sources.mjs';
import { withServicesHeld } from './held-services.mjs';
import { aptGet, asRoot, canBeRoot, writeAsRoot } from './root-run.mjs';

/** What the native Node packages are compiled with. */
export const BUILD_NEEDS = [
  { binary: 'make', debian: 'make' },
  { binary: 'g++', debian: 'g++' },
  { binary: 'python3', debian: 'python3' },
];

/**
 * What the tests drive for real. `skip` are the words of GUARDIAN_TEST_SKIP that do without; `unit` is kept from starting; only a
 * `distribution` of that name has the package. A `binary` with slashes is a file of that very place.
 */
export const TEST_NEEDS = [
  // Debian 12 itself has Suricata 6, whose datasets and rule keywords are others.
  { binary: 'suricata', debian: 'suricata', skip: 'suricata', unit: 'suricata.service', backported: ['bookworm'] },
  { binary: 'mariadbd', debian: 'mariadb-server-core', skip: 'mariadb' },
  { binary: 'mariadb', debian: 'mariadb-client-core', skip: 'mariadb' },
  // A cluster: the library that replicates, and what a joining node is sent its data by, which only the whole server's package has.
  { binary: 'wsrep_sst_rsync', debian: 'mariadb-server', skip: ['mariadb', 'galera'], unit: 'mariadb.service' },
  { binary: '/usr/lib/galera/libgalera_smm.so', debian: 'galera-4', skip: ['mariadb', 'galera'] },
  { binary: 'rsync', debian: 'rsync', skip: ['mariadb', 'galera'] },
  { binary: 'socat', debian: 'socat', skip: ['mariadb', 'galera'] },
  { binary: 'lsof', debian: 'lsof', skip: ['mariadb', 'galera'] },
  { binary: 'ip', debian: 'iproute2', skip: 'netns' },
  { binary: 'nft', debian: 'nftables', skip: 'nftables' },
  // The daemon without the service of the package dnsmasq.
  { binary: 'dnsmasq', debian: 'dnsmasq-base', skip: 'dnsmasq' },
  { binary: 'unbound', debian: 'unbound', skip: 'unbound', unit: 'unbound.service' },
  // Its tools rate and check units, make users in a folder, and boot in namespaces of their own; nothing of it is started here.
  { binary: 'systemd-analyze', debian: 'systemd', skip: 'systemd' },
  { binary: 'debootstrap', debian: 'debootstrap', skip: 'debootstrap' },
  // Looks at the report as a person would. Ubuntu has it as a snap alone, and one unknown name makes apt-get install nothing at all.
  { binary: 'chromium', debian: 'chromium', skip: 'chromium', distribution: 'debian' },
];

/** What a person types who may be root. */
export const PACKAGES_COMMAND = 'node native-config/bootstrap.mjs packages';

/** How much of a failed command's output is shown. */
const MAX_LINES_SHOWN = 20;

/** Where programs are looked for besides PATH, which leaves out sbin for ordinary users. */
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Installs the Debian packages of `needs` that are missing, without starting or enabling a service. Says first what it
 * does; where it may not or cannot, says the one command to type. Resolves with whether everything is there.
 */
export async function ensurePackages(needs, env, { root = '/', isDryRun = false } = {}) {
  const skipped = new Set((env.GUARDIAN_TEST_SKIP ?? '').split(',').map((word) => word.trim()));
  const own = fieldOf(root, 'ID');
  const missing = needs.filter(
    ({ skip, binary, distribution = own }) =>
      distribution === own && ![skip].flat().some((word) => skipped.has(word)) && !isInstalled(binary, root),
  );
  if (missing.length === 0) return true;
  const names = missing.map(({ debian }) => debian).join(' ');
  const plan = planInstallation(root, missing);
  if (isDryRun) {
    for (const step of plan) console.log(describe(step));
    return true;
  }
  if (!isInstalled('apt-get', root)) {
    console.error(
      `Cannot install ${names}: there is no apt-get. Install what provides ${missing.map(({ binary }) => binary).join(', ')}.`,
    );
    return false;
  }
  if (!canBeRoot()) {
    console.error(`Missing Debian packages: ${names}. To install them, run as root: ${PACKAGES_COMMAND}`);
    return false;
  }
  console.log(`Installing Debian packages: ${names}. No service is started or enabled by it.`);
  return carryOut(plan);
}

/** The steps, as data, so that they can be shown without being done. */
function planInstallation(root, missing) {
  const codename = fieldOf(root, 'VERSION_CODENAME');
  const backported = missing.filter((need) => need.backported?.includes(codename));
  const ordinary = missing.filter((need) => !backported.includes(need));
  const suite = `${codename}-backports`;
  const steps = [];
  if (backported.length > 0 && !hasSuite(root, suite)) {
    const source = siblingSource(root, codename, suite);
    steps.push(source === undefined ? { kind: 'no-source', suite } : { kind: 'source', ...source });
  }
  if (steps.length > 0 || !hasPackageLists(root)) steps.push({ kind: 'update' });
  const options = ['install', '-y', '--no-install-recommends'];
  if (backported.length > 0) {
    steps.push({ kind: 'install', args: [...options, '-t', suite, ...backported.map(({ debian }) => debian)] });
  }
  if (ordinary.length > 0) steps.push({ kind: 'install', args: [...options, ...ordinary.map(({ debian }) => debian)] });
  // A package enables its unit for the next boot, which the switch that holds starts back does not prevent.
  for (const { unit } of missing) if (unit !== undefined) steps.push({ kind: 'disable', unit });
  return steps;
}

async function carryOut(plan) {
  const { status, output } = await withServicesHeld(async (isSignalled) => {
    for (const step of plan) {
      if (isSignalled()) return { status: 1, output: 'it was interrupted' };
      const result = await carryOutStep(step);
      if (result.status !== 0)
        return { status: result.status, output: `${result.output.trimEnd()}\n(${describe(step)})` };
    }
    return { status: 0, output: '' };
  });
  // The last lines of apt-get say what is wrong; those before are progress.
  const end = output.trimEnd().split('\n').slice(-MAX_LINES_SHOWN).join('\n');
  if (status !== 0) console.error(`Cannot install Debian packages, this failed:\n${end}`);
  return status === 0;
}

async function carryOutStep(step) {
  switch (step.kind) {
    case 'no-source':
      return { status: 1, output: `The apt sources of this machine have no entry to take ${step.suite} from.` };
    case 'source':
      return { status: (await writeAsRoot(step.path, step.text, '0644')) ? 0 : 1, output: 'It cannot be written.' };
    case 'update':
      return aptGet(['update']);
    case 'install':
      return installed(step.args);
    case 'disable':
      // Without systemd there is nothing to disable.
      if (isInstalled('systemctl', '/')) await asRoot('systemctl', ['--no-reload', 'disable', step.unit]);
      return { status: 0, output: '' };
  }
}

/** Installs; lists that are old name packages the mirror no longer has, so they are fetched again, once. */
async function installed(args) {
  const first = await aptGet(args);
  if (first.status === 0 || first.status > 128) return first;
  const update = await aptGet(['update']);
  return update.status === 0 ? aptGet(args) : first;
}

function describe(step) {
  switch (step.kind) {
    case 'no-source':
      return `find a source for ${step.suite}`;
    case 'source':
      return `write ${step.path}\n${step.text.replace(/^/gm, '    ').trimEnd()}`;
    case 'update':
      return 'apt-get update';
    case 'install':
      return `apt-get ${step.args.join(' ')}`;
    case 'disable':
      return `systemctl disable ${step.unit}`;
  }
}

function isInstalled(binary, root) {
  if (binary.includes('/')) return existsSync(join(root, binary));
  const inPath = root === '/' ? (process.env.PATH ?? '').split(':').filter((folder) => folder !== '') : [];
  return [...inPath, ...FOLDERS].some((folder) => existsSync(join(root, folder, binary)));
}

/** A field of os-release(5), or ''. */
function fieldOf(root, name) {
  const text = textOf(join(root, 'etc/os-release'));
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.replaceAll('"', '') ?? '';
}

function hasPackageLists(root) {
  try {
    return readdirSync(join(root, 'var/lib/apt/lists')).some((name) => /_Packages(?:\.|$)/.test(name));
  } catch {
    return false;
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
