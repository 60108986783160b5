import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './run.mjs';

/** Compiled packages, which find their binary beside themselves, and one that few need and that loads parts of itself by name. */
const LEFT_OUT = ['better-sqlite3', 'unix-dgram', 'mysql2'];

/** Files that Node starts or that are started by their name, by that name without its ending. */
const ENTRIES = ['main', 'eve/intake-thread', 'cli/daemon-thread'];

/** CommonJS packages ask for these, which a module does not have. */
const COMMON_JS = `import { createRequire as guardianRequireOf } from 'node:module';
import { fileURLToPath as guardianPathOf } from 'node:url';
const require = guardianRequireOf(import.meta.url);
const __filename = guardianPathOf(import.meta.url);
const __dirname = guardianPathOf(new URL('.', import.meta.url));`;

/**
 * Puts the compiled files of `from` and the packages they use into few files in `to`: Node opens and links each module by itself, and 700
 * of them are most of what a start takes. Beside them lie the licences of what was put in.
 */
export async function bundle(from, to) {
  // Only here: the other commands of the bootstrap run before there are any packages.
  const esbuild = await import('esbuild');
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(ENTRIES.map((name) => [flat(name), join(from, `${name}.js`)])),
    outdir: to,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: 'part-[hash]',
    external: LEFT_OUT.flatMap((name) => [name, `${name}/*`]),
    banner: { js: COMMON_JS },
    plugins: [stayingBesideTheirFiles(join(ROOT, from))],
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  });
  for (const name of ENTRIES.filter((one) => one.includes('/'))) {
    mkdirSync(dirname(join(ROOT, to, name)), { recursive: true });
    writeFileSync(join(ROOT, to, `${name}.js`), `import '../${flat(name)}.js';\n`);
  }
  writeFileSync(join(ROOT, to, 'THIRD-PARTY-LICENSES.txt'), licences(Object.keys(metafile.inputs)));
}

function flat(name) {
  return name.replaceAll('/', '-');
}

/** What a module reads from beside itself (migrations, figures) it finds from where it is put, which is the top of the folder. */
function stayingBesideTheirFiles(from) {
  return {
    name: 'staying-beside-their-files',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!path.startsWith(`${from}/`)) return undefined;
        const text = readFileSync(path, 'utf8');
        const own = `new URL(${JSON.stringify(`./${relative(from, path)}`)}, import.meta.url).href`;
        return text.includes('import.meta.url') ? { contents: text.replaceAll('import.meta.url', own) } : undefined;
      });
    },
  };
}

function licences(inputs) {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
      const file = readdirSync(join(ROOT, folder)).find((one) => /^(?:licen[cs]e|copying)/i.test(one));
      const text = file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
