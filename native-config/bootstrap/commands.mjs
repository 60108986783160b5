import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { check } from './check.mjs';
import { buildDeb } from './deb.mjs';
import { BUILD_NEEDS, ensurePackages, TEST_NEEDS } from './debian-packages.mjs';
import { FRUGAL_FLAGS, frugalEnv } from './frugal-start.mjs';
import { ensureNodePackages } from './node-packages.mjs';
import { ROOT, runForeground } from './run.mjs';
import { runTests } from './test-run.mjs';

const DEFAULT_CONFIG = '/etc/guardian/guardian.yaml';

/** Every command takes its arguments and resolves with an exit status. */
export const COMMANDS = {
  async start(args) {
    await ensureNodePackages();
    await build();
    const fallback = existsSync(DEFAULT_CONFIG) ? ['run'] : ['demo'];
    const asked = args.length > 0 ? args : fallback;
    return runForeground(process.execPath, [...FRUGAL_FLAGS, 'dist/main.js', ...asked], {
      env: frugalEnv(process.env),
    });
  },

  async test(args) {
    await ensureNodePackages();
    await ensurePackages(TEST_NEEDS, process.env);
    return runTests(args);
  },

  async check(args) {
    await ensureNodePackages();
    const withTests = !args.includes('--no-tests');
    if (withTests) await ensurePackages(TEST_NEEDS, process.env);
    return check({ withTests });
  },

  async bench([name, ...args]) {
    await ensureNodePackages();
    // What is measured is the built daemon.
    await build();
    const known = readdirSync(join(ROOT, 'test/bench'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.slice(0, -'.ts'.length));
    if (name !== undefined && !known.includes(name)) {
      console.error(`Cannot run benchmark "${name}": there is none of that name, want one of ${known.join(', ')}`);
      return 2;
    }
    for (const one of name === undefined ? known : [name]) {
      const status = await runForeground(process.execPath, ['--import', 'tsx', `test/bench/${one}.ts`, ...args]);
      if (status !== 0) return status;
    }
    return 0;
  },

  async build() {
    await ensureNodePackages();
    await build();
    return 0;
  },

  /** The folder it goes to; default: the project's. */
  async deb([folder = ROOT]) {
    await ensureNodePackages();
    console.log(`Built ${await buildDeb(folder)}`);
    return 0;
  },

  async generate(args) {
    await ensureNodePackages();
    return runForeground(process.execPath, ['--import', 'tsx', 'native-config/write-generated.ts', ...args]);
  },

  /** `--root DIR` (with `--dry-run`) looks at another system's files, so that the plan can be tested. */
  async packages(args) {
    const root = args.includes('--root') ? args[args.indexOf('--root') + 1] : '/';
    const isDryRun = args.includes('--dry-run');
    const isDone = await ensurePackages([...BUILD_NEEDS, ...TEST_NEEDS], process.env, { root, isDryRun });
    return isDone ? 0 : 1;
  },
};
