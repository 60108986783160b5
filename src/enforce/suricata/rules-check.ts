import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CLASSTYPE } from './rule-text.ts';

/** One complaint of Suricata; `line` of the checked file where it names one. */
export interface RuleProblem {
  readonly line?: number;
  readonly message: string;
}

/** What `suricata -T` said. `unchecked` when it could not be asked at all. */
export type RulesCheck =
  | { readonly outcome: 'passed'; readonly rules: number }
  | { readonly outcome: 'failed'; readonly problems: readonly RuleProblem[] }
  | { readonly outcome: 'unchecked'; readonly reason: string };

/** Where Suricata is. `config` is read only for the folder it lies in. */
export interface RulesCheckOptions {
  readonly binary: string;
  readonly config: string;
  readonly signal?: AbortSignal;
}

/** 10,000 rules take under 4 s on two cores; a small board is some ten times slower. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Asks `suricata -T` about a rules file, with a configuration of our own in a folder that is removed after. Never with
 * the user's: `-T` connects to its EVE sockets and rewrites its state datasets.
 */
export async function checkRules(rulesFile: string, options: RulesCheckOptions): Promise<RulesCheck> {
  const dir = await mkdtemp(join(tmpdir(), 'guardian-check-'));
  try {
    const config = await writePrivateConfig(dir, dirname(options.config));
    return await runCheck(['-T', '-c', config, '-l', dir, '-S', rulesFile], options);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function writePrivateConfig(dir: string, suricataDir: string): Promise<string> {
  await copyOr(join(suricataDir, 'classification.config'), join(dir, 'classification.config'), OWN_CLASSIFICATION);
  await copyOr(join(suricataDir, 'reference.config'), join(dir, 'reference.config'), OWN_REFERENCE);
  const config = join(dir, 'suricata.yaml');
  await writeFile(config, privateConfig(dir));
  return config;
}

/** Both files must exist, or Suricata refuses to start; without the user's, one line each is all our rules need. */
async function copyOr(from: string, to: string, otherwise: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch {
    await writeFile(to, otherwise);
  }
}

const OWN_CLASSIFICATION = `config classification: ${CLASSTYPE},A Network Trojan was detected,1\n`;
const OWN_REFERENCE = 'config reference: url http://\n';

function privateConfig(dir: string): string {
  return `%YAML 1.1
---
default-log-dir: ${JSON.stringify(dir)}
classification-file: ${JSON.stringify(join(dir, 'classification.config'))}
reference-config-file: ${JSON.stringify(join(dir, 'reference.config'))}
unix-command: { enabled: no }
stats: { enabled: no }
outputs: []
app-layer:
  protocols:
    dns: { tcp: { enabled: yes, detection-ports: { dp: 53 } }, udp: { enabled: yes, detection-ports: { dp: 53 } } }
    tls: { enabled: yes, detection-ports: { dp: 443 } }
    http: { enabled: yes }
    http2: { enabled: yes }
    quic: { enabled: yes }
`;
}

function runCheck(args: readonly string[], { binary, signal }: RulesCheckOptions): Promise<RulesCheck> {
  const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, ...(signal === undefined ? {} : { signal }) };
  return new Promise((resolve, reject) => {
    execFile(binary, args, options, (error, stdout, stderr) => {
      if (signal?.aborted === true) return reject(signal.reason);
      if (error !== null && typeof error.code === 'string') {
        return resolve({ outcome: 'unchecked', reason: `cannot run "${binary}": ${error.code}` });
      }
      if (error?.killed === true) {
        return resolve({ outcome: 'unchecked', reason: `"${binary} -T" took longer than ${TIMEOUT_MS / 1000} s` });
      }
      // Ctrl-C in a terminal reaches our children too. That says nothing about the rules, and they are not put in place by it.
      if (typeof error?.signal === 'string') {
        return resolve({ outcome: 'failed', problems: [{ message: `it was ended by ${error.signal}` }] });
      }
      const output = `${stdout}\n${stderr}`;
      const loaded = /(\d+) rules successfully loaded, (\d+) rules failed/.exec(output);
      if (error === null && loaded?.[2] === '0') return resolve({ outcome: 'passed', rules: Number(loaded[1]) });
      resolve({ outcome: 'failed', problems: problemsIn(output) });
    });
  });
}

/**
 * Suricata writes what is wrong on one line and on the next, where. Both become one problem; rule text and paths
 * are left out, since the line says them.
 */
function problemsIn(output: string): readonly RuleProblem[] {
  const problems: RuleProblem[] = [];
  let reason = '';
  for (const [, part = '', message = ''] of output.matchAll(/^Error: ([\w-]+): (.*)$/gm)) {
    const at = /^error parsing signature .* at line (\d+)$/.exec(message);
    if (at !== null) {
      problems.push({ line: Number(at[1]), message: reason === '' ? 'it does not parse' : reason });
      reason = '';
    } else if (message !== 'Loading signatures failed.') {
      if (reason !== '') problems.push({ message: reason });
      reason = `${part}: ${message}`.slice(0, 300);
    }
  }
  if (reason !== '') problems.push({ message: reason });
  return problems.length > 0 ? problems : [{ message: 'suricata -T ended badly and said nothing' }];
}
