import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Fields of a deb822 entry that say which part of a mirror is taken; all others say how to reach and trust it. */
const SELECTING = new Set(['types', 'suites', 'components', 'enabled', 'x-repolib-name']);

/** Whether a suite is among the machine's sources already. */
export function hasSuite(root, suite) {
  return readSources(root).some((source) => source.suites.includes(suite));
}

/**
 * A sources file for another suite of the same mirror: the URI, key and options of the machine's own entry for `suite`.
 * `undefined` when the machine has no such entry.
 * @returns {{ path: string, text: string } | undefined}
 */
export function siblingSource(root, suite, sibling) {
  const source = readSources(root).find(
    ({ suites, components }) => suites.includes(suite) && components.includes('main'),
  );
  if (source === undefined) return undefined;
  const extension = source.form === 'deb822' ? 'sources' : 'list';
  return { path: `/etc/apt/sources.list.d/guardian-${sibling}.${extension}`, text: source.render(sibling) };
}

/**
 * The address of the mirror that the machine takes a suite from, and the keyring that vouches for it where one is named.
 * `undefined` when the machine has no such entry.
 * @returns {{ uri: string, keyring: string | undefined } | undefined}
 */
export function mirrorOf(root, suite) {
  const source = readSources(root).find(
    ({ suites, components }) => suites.includes(suite) && components.includes('main'),
  );
  return source === undefined ? undefined : { uri: source.uri, keyring: source.keyring };
}

/** Every enabled binary entry: of sources.list, *.list and *.sources (sources.list(5)). */
function readSources(root) {
  const folder = join(root, 'etc/apt/sources.list.d');
  const files = listing(folder).map((name) => join(folder, name));
  return [join(root, 'etc/apt/sources.list'), ...files].flatMap((path) => {
    if (path.endsWith('.list')) return contents(path).split('\n').flatMap(oneLineSource);
    return path.endsWith('.sources')
      ? contents(path)
          .split(/\n\s*\n/)
          .flatMap(deb822Source)
      : [];
  });
}

/** `deb [signed-by=/key arch=amd64] URI suite component...` */
function oneLineSource(line) {
  const [, options = '', uri, suite, components = ''] =
    /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line) ?? [];
  if (uri === undefined) return [];
  const render = (sibling) => `deb ${options}${uri} ${sibling} main\n`;
  const keyring = /signed-by=([^\s\],]+)/.exec(options)?.[1];
  return [{ form: 'line', uri, keyring, suites: [suite], components: words(components), render }];
}

/** Paragraphs of `Field: value`, where a value goes on in lines that begin with a space. */
function deb822Source(paragraph) {
  const lines = paragraph.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
  const fields = [];
  for (const line of lines) {
    const [, name, value] = /^([^\s:]+)\s*:(.*)$/.exec(line) ?? [];
    if (name !== undefined) fields.push({ name: name.toLowerCase(), lines: [line], value: value.trim() });
    else fields.at(-1)?.lines.push(line);
  }
  const fieldValue = (name) => fields.find((field) => field.name === name)?.value ?? '';
  if (
    !words(fieldValue('types')).includes('deb') ||
    /^(?:no|false|0|off|without|disable)$/i.test(fieldValue('enabled'))
  )
    return [];
  const kept = fields.filter((field) => !SELECTING.has(field.name)).flatMap((field) => field.lines);
  const render = (sibling) => ['Types: deb', ...kept, `Suites: ${sibling}`, 'Components: main', ''].join('\n');
  // A key may also stand there itself, in lines of its own.
  const keyring = words(fieldValue('signed-by')).find((word) => word.startsWith('/'));
  const [uri] = words(fieldValue('uris'));
  const [suites, components] = [words(fieldValue('suites')), words(fieldValue('components'))];
  return [{ form: 'deb822', uri, keyring, suites, components, render }];
}

function words(text) {
  return text.split(/\s+/).filter((word) => word !== '');
}

function listing(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function contents(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
