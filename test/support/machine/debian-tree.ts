import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mirrorOf } from '../../../native-config/bootstrap/apt-sources.mjs';
import { tempDir } from '../temp-dir.ts';

const run = promisify(execFile);

interface TestContext {
  after(fn: () => void): void;
}

/** The first Debian whose own Node is new enough. */
const SUITE = 'trixie';
/** With a slow mirror and a slow disk. */
const BOOTSTRAP_LIMIT_MS = 480_000;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Installs a small Debian with these packages into a folder, from the mirror that this machine itself uses. Needs root. */
export async function debianTree(t: TestContext, packages: readonly string[]): Promise<string> {
  const mirror = mirrorOf('/', codenameHere());
  if (mirror === undefined) {
    throw new Error(
      'Cannot make a Debian system: the apt sources of this machine name no mirror for its own release, want one, or GUARDIAN_TEST_SKIP=debootstrap',
    );
  }
  const tree = join(tempDir(t), 'debian');
  const options = ['--variant=minbase', `--include=${packages.join(',')}`, `--keyring=${mirror.keyring ?? KEYRING}`];
  await run('debootstrap', [...options, SUITE, tree, mirror.uri], {
    timeout: BOOTSTRAP_LIMIT_MS,
    maxBuffer: 16_000_000,
  });
  return tree;
}

function codenameHere(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
}
