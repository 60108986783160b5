import type { TargetSystem } from './target-system.ts';

/** What Suricata itself makes of its configuration, with every include resolved. */
export class SuricataSettings {
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** Asks Suricata. @throws OperatorError when it is not installed or does not take the file. */
  static async read(system: TargetSystem, binary: string, config: string): Promise<SuricataSettings> {
    const dump = await system.tool(binary, ['--dump-config', '-c', system.at(config)]);
    const entries = dump.split('\n').map((line) => /^([^=]+?) = (.*)$/.exec(line));
    return new SuricataSettings(
      new Map(entries.flatMap((entry) => (entry === null ? [] : [[entry[1] ?? '', entry[2] ?? '']]))),
    );
  }

  /** Whether an EVE output of this type goes to this socket. */
  sendsTo(socket: string, filetype: string): boolean {
    return [...this.#values].some(
      ([key, value]) =>
        /^outputs\.\d+\.eve-log\.filename$/.test(key) &&
        value === socket &&
        this.#values.get(key.replace(/filename$/, 'filetype')) === filetype,
    );
  }

  /** Whether this rules file is loaded. */
  loads(rulesFile: string): boolean {
    const folder = this.#values.get('default-rule-path') ?? '';
    return [...this.#values].some(
      ([key, value]) => /^rule-files\.\d+$/.test(key) && (value === rulesFile || `${folder}/${value}` === rulesFile),
    );
  }

  /** The command socket, or `undefined` where it is switched off. */
  get commandSocket(): string | undefined {
    const enabled = this.#values.get('unix-command.enabled') ?? 'auto';
    if (!/^(?:yes|true|on|1|auto)$/i.test(enabled)) return undefined;
    const file = this.#values.get('unix-command.filename') ?? 'suricata-command.socket';
    return file.startsWith('/') ? file : `${RUN_FOLDER}/${file}`;
  }

  /** The user that Suricata changes to, where it does. */
  get user(): string | undefined {
    return this.#values.get('run-as.user') ?? this.#values.get('run-as.group');
  }
}

/** Where Suricata puts a socket whose path is relative. */
const RUN_FOLDER = '/var/run/suricata';
