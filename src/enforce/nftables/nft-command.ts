import { execFile } from 'node:child_process';
import { UnavailableError } from '../../core/errors.ts';

/** 100,000 elements take 0.6 s on two cores; a small board is some ten times slower. */
const TIMEOUT_MS = 30_000;

/** `nft -j` writes about 110 bytes an element. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

const MAX_REASON_LENGTH = 300;

/**
 * The program `nft`, started anew for each question. Every call ends within 30 s or when its signal is aborted.
 * @throws UnavailableError when the program is missing, may not change the firewall, or refuses; with a hint.
 */
export class NftCommand {
  readonly #command: readonly string[];

  /** `command` is the program and the words before its arguments, usually `['nft']`. */
  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** What `nft` prints for these arguments; `undefined` when there is no such table or set. */
  async list(args: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
    const { stdout, complaint } = await this.#run(args, undefined, signal);
    if (complaint === undefined) return stdout;
    // nft has one exit status for everything and no translations.
    if (/^Error: No such file or directory/m.test(complaint)) return undefined;
    throw refusal('read', complaint);
  }

  /** Applies a script in one transaction: all of it or nothing. */
  async apply(script: string, signal: AbortSignal | undefined): Promise<void> {
    const { complaint } = await this.#run(['-f', '-'], script, signal);
    if (complaint !== undefined) throw refusal('change', complaint);
  }

  /** `complaint` is there exactly when nft ended with a failure of its own. */
  #run(
    args: readonly string[],
    input: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly stdout: string; readonly complaint: string | undefined }> {
    const [program = 'nft', ...words] = this.#command;
    // A killed nft leaves nothing half done: the kernel takes a whole transaction or none.
    const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
    return new Promise((resolve, reject) => {
      const child = execFile(
        program,
        [...words, ...args],
        signal === undefined ? options : { ...options, signal },
        (error, stdout, stderr) => {
          if (error === null) resolve({ stdout, complaint: undefined });
          else if (signal?.aborted === true) reject(signal.reason);
          else if (typeof error.code === 'number') resolve({ stdout, complaint: stderr });
          else reject(failure(program, error));
        },
      );
      // An nft that ends before it has read everything says why on stderr; the broken pipe adds nothing.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }
}

function failure(program: string, error: Error & { code?: unknown; killed?: boolean }): UnavailableError {
  if (error.killed === true && typeof error.code !== 'string')
    return new UnavailableError(`Cannot ask "${program}": no end within ${TIMEOUT_MS / 1000} s`, {
      cause: error,
      hint: 'Run "nft list ruleset" to see whether the firewall answers at all.',
    });
  return new UnavailableError(`Cannot run "${program}": ${String(error.code ?? error.message)}`, {
    cause: error,
    hint:
      error.code === 'ENOENT'
        ? 'Install the Debian package nftables, or remove nftables from the configuration.'
        : 'Run "nft list tables" as the user that guardian runs as.',
  });
}

function refusal(verb: 'read' | 'change', complaint: string): UnavailableError {
  const lines = complaint.split('\n').filter((line) => line !== '');
  const reason = (lines.find((line) => line.includes('Error:')) ?? lines[0] ?? 'it says nothing').trim();
  return new UnavailableError(`Cannot ${verb} the firewall sets: ${reason.slice(0, MAX_REASON_LENGTH)}`, {
    hint: hintFor(complaint),
  });
}

function hintFor(complaint: string): string {
  if (/Operation not permitted|must be root/.test(complaint))
    return 'Give guardian the capability CAP_NET_ADMIN (AmbientCapabilities= of its unit), or run it as root.';
  if (/cache initialization failed|not supported/.test(complaint))
    return 'Load the kernel module nf_tables, and see whether "nft list tables" works.';
  return 'Run "nft list ruleset" to see what stands in the table of nftables.table.';
}
