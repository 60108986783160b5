/** A file to start as a worker thread, and its arguments. */
export interface ThreadEntry {
  readonly file: URL;
  readonly argv: string[];
}

/** The thread whose file lies at `path` from the folder of sources, without its ending: `eve/intake-thread`. */
export function threadEntry(path: string): ThreadEntry {
  const folder = new URL('../', import.meta.url);
  // The sources go through a small loader, the built files do not.
  return import.meta.url.endsWith('.ts')
    ? { file: new URL('lib/source-thread.mjs', folder), argv: [new URL(`${path}.ts`, folder).href] }
    : { file: new URL(`${path}.js`, folder), argv: [] };
}
