import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

interface TestContext {
  skip(message?: string): void;
}

/** What a test may need from outside Node: the program that shows it is there, and the Debian package that brings it. */
const REQUIREMENTS = {
  suricata: { program: 'suricata', debianPackage: 'suricata' },
  mariadb: { program: 'mariadbd', debianPackage: 'mariadb-server-core' },
  netns: { program: 'ip', debianPackage: 'iproute2' },
  nftables: { program: 'nft', debianPackage: 'nftables' },
  dnsmasq: { program: 'dnsmasq', debianPackage: 'dnsmasq-base' },
  systemd: { program: 'systemd-analyze', debianPackage: 'systemd' },
  debootstrap: { program: 'debootstrap', debianPackage: 'debootstrap' },
  chromium: { program: 'chromium', debianPackage: 'chromium' },
  unbound: { program: 'unbound', debianPackage: 'unbound' },
} as const;

/** Names that `GUARDIAN_TEST_SKIP` may list, separated by commas. */
export type Requirement = keyof typeof REQUIREMENTS;

/**
 * Says whether a test may go on. A missing requirement fails the test and names the package; only
 * `GUARDIAN_TEST_SKIP` turns that into a skip, and then the answer is false and the test must return at once.
 */
export function requires(t: TestContext, ...wanted: readonly Requirement[]): boolean {
  const skipped = new Set((process.env.GUARDIAN_TEST_SKIP ?? '').split(','));
  for (const name of wanted) {
    if (skipped.has(name)) {
      t.skip(`GUARDIAN_TEST_SKIP names ${name}`);
      return false;
    }
    const { program, debianPackage } = REQUIREMENTS[name];
    if (!isInstalled(program)) {
      throw new Error(
        `Cannot run this test: "${program}" is not installed, want the Debian package ${debianPackage} (apt-get install ${debianPackage}), or GUARDIAN_TEST_SKIP=${name}`,
      );
    }
  }
  return true;
}

function isInstalled(program: string): boolean {
  // Daemons live in sbin, which is not on the path of an ordinary user.
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
