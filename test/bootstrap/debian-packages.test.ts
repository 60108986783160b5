import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';

const BOOTSTRAP = join(import.meta.dirname, '../../native-config/bootstrap.mjs');

const BOOKWORM = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n';
const TRIXIE = 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n';

const BUILD = { 'usr/bin/make': '', 'usr/bin/g++': '', 'usr/bin/python3': '' };
const CLUSTER = [
  'usr/bin/wsrep_sst_rsync',
  'usr/lib/galera/libgalera_smm.so',
  'usr/bin/rsync',
  'usr/bin/socat',
  'usr/bin/lsof',
];
const LISTS = { 'var/lib/apt/lists/mirror.example_debian_dists_x_main_binary-amd64_Packages': '' };

const DEB822 = [
  '# mirror of the house',
  'Types: deb deb-src',
  'URIs: http://mirror.example/debian',
  'Suites: bookworm bookworm-updates',
  'Components: main contrib',
  'Signed-By:',
  ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
  ' .',
  ' abc',
  ' -----END PGP PUBLIC KEY BLOCK-----',
  '',
  'Types: deb',
  'URIs: http://mirror.example/debian-security',
  'Suites: bookworm-security',
  'Components: main',
  '',
].join('\n');

test('Debian 12 takes Suricata from the backports of its own mirror (deb822 sources)', (t) => {
  const plan = planFor(t, {
    'etc/os-release': BOOKWORM,
    'etc/apt/sources.list.d/debian.sources': DEB822,
    ...BUILD,
    ...LISTS,
  });
  assert.deepEqual(plan, [
    'write /etc/apt/sources.list.d/guardian-bookworm-backports.sources',
    '    Types: deb',
    '    URIs: http://mirror.example/debian',
    '    Signed-By:',
    '     -----BEGIN PGP PUBLIC KEY BLOCK-----',
    '     .',
    '     abc',
    '     -----END PGP PUBLIC KEY BLOCK-----',
    '    Suites: bookworm-backports',
    '    Components: main',
    'apt-get update',
    'apt-get install -y --no-install-recommends -t bookworm-backports suricata',
    'apt-get install -y --no-install-recommends mariadb-server-core mariadb-client-core mariadb-server galera-4 rsync socat lsof iproute2 nftables dnsmasq-base unbound systemd debootstrap chromium',
    'systemctl disable suricata.service',
    'systemctl disable mariadb.service',
    'systemctl disable unbound.service',
  ]);
});

test('Debian 12 takes Suricata from the backports of its own mirror (one-line sources)', (t) => {
  const list = [
    '# deb http://old.example/debian bookworm main',
    'deb-src http://mirror.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/usr/share/keyrings/house.gpg] http://mirror.example/debian bookworm main contrib # ours',
    'deb http://security.example/debian bookworm-security main',
  ].join('\n');
  const plan = planFor(t, { 'etc/os-release': BOOKWORM, 'etc/apt/sources.list': list, ...BUILD, ...LISTS });
  assert.deepEqual(plan.slice(0, 3), [
    'write /etc/apt/sources.list.d/guardian-bookworm-backports.list',
    '    deb [arch=amd64 signed-by=/usr/share/keyrings/house.gpg] http://mirror.example/debian bookworm-backports main',
    'apt-get update',
  ]);
});

test('backports that are configured already are used as they are', (t) => {
  const plan = planFor(t, {
    'etc/os-release': BOOKWORM,
    'etc/apt/sources.list':
      'deb http://mirror.example/debian bookworm main\ndeb http://mirror.example/debian bookworm-backports main\n',
    'usr/sbin/mariadbd': '',
    'usr/bin/mariadb': '',
    'usr/sbin/ip': '',
    'usr/sbin/nft': '',
    'usr/sbin/dnsmasq': '',
    'usr/sbin/unbound': '',
    'usr/bin/systemd-analyze': '',
    'usr/sbin/debootstrap': '',
    ...Object.fromEntries(CLUSTER.map((path) => [path, ''])),
    'usr/bin/chromium': '',
    ...BUILD,
    ...LISTS,
  });
  assert.deepEqual(plan, [
    'apt-get install -y --no-install-recommends -t bookworm-backports suricata',
    'systemctl disable suricata.service',
  ]);
});

test('a disabled entry is not taken, and a machine without one is told so', (t) => {
  const sources = DEB822.replace('Types: deb deb-src', 'Enabled: no\nTypes: deb deb-src');
  const plan = planFor(t, {
    'etc/os-release': BOOKWORM,
    'etc/apt/sources.list.d/debian.sources': sources,
    ...BUILD,
    ...LISTS,
  });
  assert.equal(plan[0], 'find a source for bookworm-backports');
});

test('Debian 13 takes everything from its own archive, and package lists are fetched when there are none', (t) => {
  const sources = DEB822.replaceAll('bookworm', 'trixie');
  const plan = planFor(t, { 'etc/os-release': TRIXIE, 'etc/apt/sources.list.d/debian.sources': sources });
  assert.deepEqual(plan, [
    'apt-get update',
    'apt-get install -y --no-install-recommends make g++ python3 suricata mariadb-server-core mariadb-client-core mariadb-server galera-4 rsync socat lsof iproute2 nftables dnsmasq-base unbound systemd debootstrap chromium',
    'systemctl disable suricata.service',
    'systemctl disable mariadb.service',
    'systemctl disable unbound.service',
  ]);
});

test('Ubuntu is not asked for Chromium, which it has as a snap alone', (t) => {
  const plan = planFor(t, { 'etc/os-release': 'ID=ubuntu\nVERSION_CODENAME=noble\n', ...LISTS });
  assert.match(plan.join('\n'), /install .* suricata .* debootstrap$/m);
  assert.ok(!plan.join().includes('chromium'));
});

test('what GUARDIAN_TEST_SKIP names is not installed', (t) => {
  const files = { 'etc/os-release': TRIXIE, ...BUILD, ...LISTS };
  const plan = planFor(t, files, { GUARDIAN_TEST_SKIP: 'suricata, mariadb, unbound, chromium' });
  assert.deepEqual(plan, [
    'apt-get install -y --no-install-recommends iproute2 nftables dnsmasq-base systemd debootstrap',
  ]);
});

test('without the cluster a single server is still installed', (t) => {
  const files = { 'etc/os-release': TRIXIE, ...BUILD, ...LISTS };
  const plan = planFor(t, files, { GUARDIAN_TEST_SKIP: 'galera,suricata,unbound' });
  assert.match(plan[0] ?? '', /mariadb-server-core mariadb-client-core iproute2/);
  assert.ok(!plan.join().includes('galera'));
});

test('a machine that has everything gets nothing', (t) => {
  const cluster = CLUSTER.map((path) => [path, '']);
  const have = [
    'suricata',
    'mariadbd',
    'mariadb',
    'ip',
    'nft',
    'dnsmasq',
    'unbound',
    'systemd-analyze',
    'debootstrap',
    'chromium',
  ].map((name) => [`usr/bin/${name}`, '']);
  assert.deepEqual(planFor(t, { ...Object.fromEntries([...have, ...cluster]), ...BUILD }), []);
});

/** What the bootstrap would do on a system made of these files, line by line. */
function planFor(t: TestContext, files: Readonly<Record<string, string>>, env: Record<string, string> = {}): string[] {
  const root = tempDir(t);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { GUARDIAN_TEST_SKIP: _, ...rest } = process.env;
  const options = { encoding: 'utf8' as const, env: { ...rest, ...env } };
  const output = execFileSync(process.execPath, [BOOTSTRAP, 'packages', '--dry-run', '--root', root], options);
  return output.split('\n').slice(0, -1);
}
