import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

const PARTS = ['eve', 'triage', 'sources', 'enforce', 'store', 'central', 'api', 'config', 'ops'];

/** Higher may import lower: main -> cli -> sidecar -> parts -> core, lib. */
const RANKS = new Map<string, number>([
  ['main', 4],
  ['cli', 3],
  ['sidecar', 2],
  ...PARTS.map((part): [string, number] => [part, 1]),
  ['core', 0],
  ['lib', 0],
]);

/** The only folders that speak SQL, and the packages they do it with. */
const SQL_FOLDERS = ['store', 'central'];
const SQL_PACKAGES = ['better-sqlite3', 'mysql2', 'node:sqlite'];
const SQL_TEXT =
  /\b(?:SELECT\s[^;]*?\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|(?:CREATE|DROP|ALTER)\s+(?:TABLE|VIEW|INDEX)\s|PRAGMA\s+\w)/;

/** Builtins that touch nothing outside the process, and the names taken from those that could. */
const PURE_BUILTINS = new Set(['node:url', 'node:crypto', 'node:util', 'node:assert']);
const PURE_NAMES = new Map([['node:net', new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList'])]]);
const PURE_PACKAGES = new Set(['ipaddr.js', 'tldts']);

/** Files besides main.ts that may touch `process`, each with its reason. */
const PROCESS_EXCEPTIONS = new Map<string, string>([
  ['src/cli/daemon-thread.ts', 'main file of a thread of its own'],
  ['src/lib/source-thread.mjs', 'starts such a file where the sources run as they are'],
]);

const MAX_LINES = 300;

interface SourceFile {
  /** From the project's folder: `src/eve/intake.ts`. */
  readonly path: string;
  /** `eve`, `main`, `sidecar`, ... */
  readonly layer: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly names: string;
  /** `node:fs`, a package, or the path of a file of ours. */
  readonly from: string;
  readonly isOurs: boolean;
}

const sources = filesBelow('src')
  .filter((path) => /\.(?:ts|mjs)$/.test(path))
  .map(readSource);

test('every file of src belongs to a known layer', () => {
  expectNone(
    sources
      .filter((file) => !RANKS.has(file.layer))
      .map((file) => `${file.path} stands outside the house of ${[...RANKS.keys()].join(', ')}`),
  );
});

test('imports point one way: main -> cli -> sidecar -> parts -> core, lib; parts never import each other', () => {
  const wrong = sources.flatMap((file) =>
    file.imports
      .filter(({ from, isOurs }) => isOurs && !mayImport(file.layer, layerOf(from)))
      .map(({ from }) => `${file.path} imports ${from}, but ${file.layer} may not know ${layerOf(from)}`),
  );
  expectNone(wrong);
});

test('core decides and does nothing else: no I/O', () => {
  const wrong = sources
    .filter((file) => file.layer === 'core')
    .flatMap((file) =>
      file.imports
        .filter((one) => !one.isOurs && !isPure(one))
        .map(({ names, from }) => `${file.path} imports ${names} from ${from}`),
    );
  expectNone(wrong);
});

test('SQL lives in store/ and central/ and nowhere else', () => {
  const others = sources.filter((file) => !SQL_FOLDERS.includes(file.layer));
  const packages = others.flatMap((file) =>
    file.imports
      .filter(({ from }) => SQL_PACKAGES.some((name) => from === name || from.startsWith(`${name}/`)))
      .map(({ from }) => `${file.path} imports ${from}`),
  );
  const texts = others.flatMap((file) => {
    const [found] = SQL_TEXT.exec(file.code) ?? [];
    return found === undefined ? [] : [`${file.path} holds SQL: ${found.slice(0, 40).trim()}`];
  });
  const files = filesBelow('src').filter((path) => path.endsWith('.sql') && !SQL_FOLDERS.includes(layerOf(path)));
  expectNone([...packages, ...texts, ...files]);
});

test('process is touched in main.ts only', () => {
  const wrong = sources
    .filter((file) => file.path !== 'src/main.ts' && !PROCESS_EXCEPTIONS.has(file.path))
    .filter(
      (file) =>
        /\bprocess\s*\??\.\s*\w|['"]node:process['"]/.test(withoutStrings(file.code)) ||
        file.imports.some(({ from }) => from === 'node:process'),
    )
    .map((file) => `${file.path} touches process; take what it needs as a parameter`);
  const stale = [...PROCESS_EXCEPTIONS.keys()].filter((path) => !sources.some((file) => file.path === path));
  expectNone([...wrong, ...stale.map((path) => `${path} is excepted and does not exist`)]);
});

test('nothing is exported as default', () => {
  const wrong = sources.filter((file) => /^export\s+(?:default\b|\{[^}]*\bas\s+default\b)/m.test(file.code));
  expectNone(wrong.map((file) => `${file.path} has a default export; name it`));
});

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const files = ['src', 'native-config'].flatMap(filesBelow).filter((path) => /\.(?:ts|mjs)$/.test(path));
  const wrong = files
    .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines; ask which noun is hiding`);
  expectNone(wrong);
});

test('migrations are numbered 1, 2, 3: a store remembers how many it has applied, and no more', () => {
  for (const folder of ['src/store/migrations', 'src/central/migrations']) {
    const numbers = readdirSync(join(ROOT, folder)).map((name) => Number(name.slice(0, 4)));
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      numbers.map((_, at) => at + 1),
      `${folder}: rename what came last to the next free number`,
    );
  }
});

test('no imports go round', () => {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const done = new Set<string>();
  const rounds: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at !== -1) rounds.push([...trail.slice(at), path].join(' -> '));
    if (at !== -1 || done.has(path)) return;
    for (const { from, isOurs } of byPath.get(path)?.imports ?? []) if (isOurs) visit(from, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  expectNone(rounds);
});

function mayImport(importer: string, imported: string): boolean {
  if (importer === imported) return true;
  return (RANKS.get(importer) ?? -1) > (RANKS.get(imported) ?? Infinity);
}

function isPure({ names, from }: Import): boolean {
  const pureNames = PURE_NAMES.get(from);
  if (pureNames !== undefined) return names.split(',').every((name) => pureNames.has(name.trim()));
  return PURE_BUILTINS.has(from) || PURE_PACKAGES.has(from);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  return { path, layer: layerOf(path), text, code, imports: importsOf(path, code) };
}

/** `src/eve/x.ts` is of `eve`, `src/main.ts` of `main`, `src/sidecar.ts` and `src/sidecar/x.ts` of `sidecar`. */
function layerOf(path: string): string {
  const [top, second = ''] = path.split('/');
  return top === 'src' ? second.replace(/\.(?:ts|mjs)$/, '') : `outside src (${path})`;
}

function importsOf(path: string, code: string): Import[] {
  const statements = code.matchAll(
    /^\s*(?:import|export)\b(?:\s+type\b)?\s*([^'";]*?)\s*(?:\bfrom\s*)?['"]([^'"]+)['"]/gm,
  );
  const calls = code.matchAll(/()\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g);
  return [...statements, ...calls]
    .filter(([statement]) => !/^\s*export\s+(?:const|function|class|interface|type\s+\w)/.test(statement))
    .map(([, names = '', from = '']) => {
      const isOurs = from.startsWith('.');
      const target = isOurs ? normalize(join(dirname(path), from)) : from;
      return { names: names.replace(/[{}]/g, '').trim(), from: target, isOurs };
    });
}

/** Blank-outs keep line starts, which the patterns above rely on. Text in strings is kept, as SQL is looked for there. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`)|\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(,])\/\/[^\n]*/gm,
    (_, kept: string | undefined) => kept ?? '',
  );
}

function withoutStrings(code: string): string {
  return code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "''");
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

function expectNone(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join('\n')}\n`);
}
