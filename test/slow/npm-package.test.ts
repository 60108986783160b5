import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const LIMIT_MS = 240_000;

/** What a tarball may hold, by its beginning; every other file is one too many. */
const WANTED = [
  /^package\.json$/,
  /^(?:README|ARCHITECTURE|CHANGELOG|CONTRIBUTING)\.md$/,
  /^LICENSE$/,
  /^dist\/(?:[\w.-]+\/)*[\w.-]+\.(?:js|mjs|sql|json)$/,
  /^grafana\/.+\.(?:json|yaml|example|md)$/,
  /^dist\/THIRD-PARTY-LICENSES\.txt$/,
  /^native-config\/demo\/[\w-]+\.(?:json|pcap)$/,
  /^native-config\/feeds\.md$/,
  /^native-config\/guardian\.(?:example\.yaml|schema\.json)$/,
  /^native-config\/(?:install|lists|mysql|nftables|pihole|suricata|sysctl)\/[\w.-]+$/,
  /^native-config\/report\/report\.png$/,
  /^systemd\/(?:[\w.-]+\/)?[\w.-]+\.(?:service|conf)$/,
];

/** Compiled packages. Compiling them anew takes minutes and would test npm and a compiler, so those that are here are taken. */
const COMPILED = ['better-sqlite3', 'unix-dgram'];

/** Where the links of a page lead in its own tree. */
function linksOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link);
}

test('the npm package holds what runs and nothing else, installs globally and proves the loop', {
  timeout: 540_000,
}, async (t) => {
  const dir = tempDir(t);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir], { cwd: ROOT, timeout: LIMIT_MS });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string; files: { path: string }[] }];
  const files = packed.files.map(({ path }) => path);
  assert.deepEqual(
    files.filter((path) => !WANTED.some((wanted) => wanted.test(path))),
    [],
  );
  for (const [index, wanted] of WANTED.entries())
    assert.ok(
      files.some((path) => wanted.test(path)),
      `nothing is ${WANTED[index]}`,
    );
  assert.deepEqual(
    linksOf(join(ROOT, 'README.md')).filter(
      (link) => !files.some((path) => path === link || path.startsWith(`${link}/`)),
    ),
    [],
    'links of the README that lead nowhere in the package',
  );

  const prefix = join(dir, 'prefix');
  const install = ['install', '--global', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', [...install, join(dir, packed.filename)], { timeout: LIMIT_MS });
  const installed = join(prefix, 'lib/node_modules/home-network-guardian');
  assert.ok(
    !readdirSync(join(installed, 'node_modules')).includes('typescript'),
    'development packages are not installed',
  );
  for (const name of COMPILED) {
    const release = 'build/Release';
    mkdirSync(join(installed, 'node_modules', name, release), { recursive: true });
    cpSync(join(ROOT, 'node_modules', name, release), join(installed, 'node_modules', name, release), {
      recursive: true,
    });
  }
  const guardian = join(prefix, 'bin/guardian');
  assert.match((await run(guardian, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  await run(guardian, ['demo', '--once'], { timeout: LIMIT_MS, maxBuffer: 16_000_000 });
});
