import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { TargetSystem } from './target-system.ts';

/** What Suricata itself makes of its configuration, with every include resolved. */
export class SuricataSettings {
  readonly #values: ReadonlyMap<string, string>;
  readonly #system: TargetSystem;

  private constructor(values: ReadonlyMap<string, string>, system: TargetSystem) {
    this.#values = values;
    this.#system = system;
  }

  /** Asks Suricata. @throws OperatorError when it is not installed or does not take the file. */
  static async read(system: TargetSystem, binary: string, config: string): Promise<SuricataSettings> {
    const dump = await system.tool(binary, ['--dump-config', '-c', system.at(config)]);
    const entries = dump.split('\n').map((line) => /^([^=]+?) = (.*)$/.exec(line));
    return new SuricataSettings(
      new Map(entries.flatMap((entry) => (entry === null ? [] : [[entry[1] ?? '', entry[2] ?? '']]))),
      system,
    );
  }

  /** The EVE output to this socket: `fit` for us, or what is wrong with it; `undefined` where there is none. */
  outputTo(socket: string, filetype: string): 'fit' | { readonly problem: string } | undefined {
    const found = [...this.#values].find(
      ([key, value]) => /^outputs\.\d+\.eve-log\.filename$/.test(key) && value === socket,
    );
    if (found === undefined) return undefined;
    const output = found[0].slice(0, -'.filename'.length);
    const has = this.#values.get(`${output}.filetype`);
    if (has !== filetype) return { problem: `it is of type ${has ?? 'regular'}, want ${filetype}` };
    if (!isYes(this.#values.get(`${output}.enabled`))) return { problem: 'it is not enabled' };
    return this.#writesDns(`${output}.types`) ? 'fit' : { problem: 'it writes no dns, by which most names are heard' };
  }

  /** Whether this rules file is loaded, under whatever spelling of its path, or by a pattern. */
  loads(rulesFile: string): boolean {
    const folder = this.#values.get('default-rule-path') ?? '';
    const wanted = this.#realPath(rulesFile);
    return [...this.#values].some(
      ([key, value]) => /^rule-files\.\d+$/.test(key) && isMatch(wanted, this.#realPath(resolve(folder || '/', value))),
    );
  }

  /** The command socket, or `undefined` where it is switched off. */
  get commandSocket(): string | undefined {
    const enabled = this.#values.get('unix-command.enabled') ?? 'auto';
    if (!isYes(enabled) && enabled.toLowerCase() !== 'auto') return undefined;
    const file = this.#values.get('unix-command.filename') ?? 'suricata-command.socket';
    return file.startsWith('/') ? file : `${RUN_FOLDER}/${file}`;
  }

  /** The user that Suricata changes to, where it does. */
  get user(): string | undefined {
    return this.#values.get('run-as.user') ?? this.#values.get('run-as.group');
  }

  #writesDns(types: string): boolean {
    return [...this.#values].some(
      ([key, value]) =>
        key.startsWith(`${types}.`) &&
        /^\d+$/.test(key.slice(types.length + 1)) &&
        value === 'dns' &&
        isYes(this.#values.get(`${key}.dns.enabled`) ?? 'yes'),
    );
  }

  /** A folder may be reached by a link; the file itself need not be there yet. */
  #realPath(path: string): string {
    const folder = dirname(path);
    const here = this.#system.at(folder);
    if (!existsSync(here)) return path;
    const real = realpathSync(here);
    return join(this.#system.root === '/' ? real : real.slice(this.#system.root.length), basename(path));
  }
}

/** As Suricata reads a truth. */
function isYes(value: string | undefined): boolean {
  return /^(?:1|yes|true|on)$/i.test(value ?? '');
}

/** Whether a path is one that glob(3) finds by a pattern, as `rule-files` may hold. */
function isMatch(path: string, pattern: string): boolean {
  const parts = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('[!', '[^');
  return path === pattern || new RegExp(`^${parts}$`).test(path);
}

/** Where Suricata puts a socket whose path is relative. */
const RUN_FOLDER = '/var/run/suricata';
