import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import project from '../../package.json' with { type: 'json' };

const SOURCES = join(import.meta.dirname, 'assembly');
const BUILT = join(import.meta.dirname, '../../src/eve/scanner-wasm.ts');
const ENTRY = 'record.ts';
/** What `memory.ts` lays out, in pages of 64 KiB. */
const PAGES = '64';
const OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--initialMemory', PAGES];

/**
 * The scanner's code as a module of `src/eve`. Compiled only when it was made of other sources or was changed since, which
 * a stamp in it tells: the compiler takes ten seconds.
 */
export async function renderScanner(): Promise<string> {
  const built = existsSync(BUILT) ? readFileSync(BUILT, 'utf8') : '';
  const code = /'([^']+)'/.exec(built)?.[1] ?? '';
  return built === moduleOf(code) ? built : moduleOf(await compile());
}

function moduleOf(code: string): string {
  return `/** WebAssembly in base64, made of \`native-config/scanner/assembly\` by \`npm run generate\`. Stamp: ${stampOf(code)}. */
export const SCANNER_WASM =
  '${code}';
`;
}

/** A digest of all that the code comes of, and of the code. */
function stampOf(code: string): string {
  const hash = createHash('sha256')
    .update(project.devDependencies.assemblyscript)
    .update(OPTIONS.join(' '))
    .update(code);
  for (const name of readdirSync(SOURCES).sort()) hash.update(name).update(sourceOf(name) ?? '');
  return hash.digest('hex').slice(0, 32);
}

/** @throws Error with what the compiler says. */
async function compile(): Promise<string> {
  // Loaded only here: that alone takes seconds.
  const { default: asc } = await import('assemblyscript/asc');
  let bytes: Uint8Array = new Uint8Array();
  const { error, stderr } = await asc.main([ENTRY, '--outFile', 'scanner.wasm', ...OPTIONS], {
    readFile: (name: string) => sourceOf(name),
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (typeof contents !== 'string') bytes = contents;
    },
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`Cannot compile native-config/scanner: ${stderr.toString()}`, { cause: error });
  return Buffer.from(bytes).toString('base64');
}

/** A source with its comparisons of texts written out, or `null` where there is none. */
function sourceOf(name: string): string | null {
  const path = join(SOURCES, name);
  if (!existsSync(path)) return null;
  return readFileSync(path, 'utf8').replace(/\bsame\((\w+), '([^']*)'\)/g, (_, at: string, text: string) =>
    comparisonOf(at, text),
  );
}

/** Compares the bytes at `at` with a text in the widest words that fit; the last may overlap the one before. */
function comparisonOf(at: string, text: string): string {
  const bytes = Buffer.from(text.replaceAll('\\n', '\n'), 'latin1');
  const parts: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const left = bytes.length - from;
    const width = [8, 4, 2, 1].find((one) => one <= left || (one < 2 * left && one <= bytes.length)) ?? 1;
    const start = Math.min(from, bytes.length - width);
    const word = Buffer.from(bytes.subarray(start, start + width))
      .reverse()
      .toString('hex');
    parts.push(`load<u${width * 8}>(${at}, ${start}) == 0x${word}`);
    from = start + width;
  }
  return `(${parts.join(' && ')})`;
}
