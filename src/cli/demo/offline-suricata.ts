import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../../lib/make-folder.ts';

const run = promisify(execFile);

/** Where EVE goes: a file, or a unix socket in stream form. */
export interface EveOutput {
  readonly filetype: 'regular' | 'unix_stream';
  readonly filename: string;
}

/** One reading of a capture. */
export interface OfflineRun {
  /** A fresh folder: configuration and logs go there. */
  readonly dir: string;
  readonly pcap: string;
  readonly output: EveOutput;
  readonly rules?: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 60_000;
const EVENT_TYPES =
  'alert, dns, tls: {extended: yes}, http, quic, files: {force-hash: [sha256]}, flow, stats: {totals: yes, threads: no}';

/** The version of the installed Suricata (`7.0.10`), or undefined where there is none. */
export async function suricataVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await run('suricata', ['-V'], { timeout: TIMEOUT_MS });
    return /version (\S+)/.exec(stdout)?.[1] ?? 'of an unknown version';
  } catch {
    return undefined;
  }
}

/** Lets the installed Suricata read a capture. When this resolves, every event has been taken by the reader of the output. */
export async function readCapture(one: OfflineRun): Promise<void> {
  const config = writeOfflineConfig(one);
  await run('suricata', offlineArguments({ ...one, config }), { timeout: TIMEOUT_MS, signal: one.signal });
}

/** Writes a minimal configuration of our own, so that the machine's is neither needed nor touched. */
export function writeOfflineConfig({ dir, output }: { readonly dir: string; readonly output: EveOutput }): string {
  makeFolder(dir);
  writeFileSync(
    join(dir, 'classification.config'),
    'config classification: trojan-activity,A Network Trojan was detected,1\n',
  );
  writeFileSync(join(dir, 'reference.config'), 'config reference: url http://\n');
  const path = join(dir, 'suricata.yaml');
  writeFileSync(path, configText(dir, output));
  return path;
}

/** The arguments for reading a capture. `-S` loads exactly the given rules, or none. */
export function offlineArguments(one: {
  readonly config: string;
  readonly dir: string;
  readonly pcap: string;
  readonly rules?: string;
}): string[] {
  return [
    '-c',
    one.config,
    '-l',
    one.dir,
    '-k',
    'none',
    '--runmode',
    'single',
    '-r',
    one.pcap,
    '-S',
    one.rules ?? '/dev/null',
  ];
}

function configText(dir: string, { filetype, filename }: EveOutput): string {
  return `%YAML 1.1
---
default-log-dir: ${JSON.stringify(dir)}
classification-file: ${JSON.stringify(join(dir, 'classification.config'))}
reference-config-file: ${JSON.stringify(join(dir, 'reference.config'))}
unix-command: { enabled: no }
stats: { enabled: yes }
outputs:
  - eve-log: { enabled: yes, filetype: ${filetype}, filename: ${JSON.stringify(filename)}, community-id: yes, types: [${eveTypes()}] }
app-layer:
  protocols:
    dns: { tcp: { enabled: yes, detection-ports: { dp: 53 } }, udp: { enabled: yes, detection-ports: { dp: 53 } } }
    tls: { enabled: yes, detection-ports: { dp: 443 } }
    http: { enabled: yes }
    quic: { enabled: yes }
`;
}

function eveTypes(): string {
  return EVENT_TYPES.split(/, (?![^{]*\})/)
    .map((type) => (type.includes(':') ? `{${type}}` : type))
    .join(', ');
}
