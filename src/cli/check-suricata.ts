import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/schema.ts';
import type { CheckItem, CheckProbes } from '../sidecar/check-probes.ts';
import { failedItem } from './check-failure.ts';
import { checkFolder } from './check-folder.ts';

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 10_000;
/** Before 6 there are no datasets as we use them. */
const OLDEST = 6;

/** Suricata's program, its command socket, and the places where we leave rules for it. */
export async function checkSuricata(
  config: Config,
  probes: CheckProbes,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const { suricata } = config;
  return [
    await checkBinary(suricata.binary, suricata.allowUnchecked),
    await checkCommandSocket(suricata.commandSocket, probes, signal),
    checkFolder('suricata.rules_file', dirname(suricata.rulesFile)),
    checkRuleFiles(suricata.config, suricata.rulesFile),
    checkFolder('suricata.datasets_dir', suricata.datasetsDir),
  ];
}

async function checkBinary(binary: string, allowUnchecked: boolean): Promise<CheckItem> {
  const name = 'suricata.binary';
  const state = allowUnchecked ? 'warn' : 'bad';
  try {
    const { stdout } = await run(binary, ['-V'], { timeout: VERSION_TIMEOUT_MS });
    const version = /version (\d+)[.\w-]*/.exec(stdout);
    if (version === null)
      return {
        state,
        name,
        found: `${binary} -V does not name a version`,
        hint: 'Name the program in suricata.binary.',
      };
    const text = version[0].slice('version '.length);
    if (Number(version[1]) < OLDEST)
      return { state, name, found: `${text}, want ${OLDEST} or newer`, hint: 'Upgrade Suricata.' };
    return { state: 'ok', name, found: text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const hint =
      'Install Suricata, or name the program in suricata.binary; without it no rule is put in place unchecked.';
    return { state, name, found: `${binary} cannot be run: ${code}`, hint };
  }
}

async function checkCommandSocket(path: string | null, probes: CheckProbes, signal: AbortSignal): Promise<CheckItem> {
  const name = 'suricata.command_socket';
  if (path === null)
    return { state: 'warn', name, found: "not configured: rules take effect at Suricata's next reload, without proof" };
  try {
    return { state: 'ok', name, found: `${path}: ${await probes.askSuricata(path, signal)}` };
  } catch (error) {
    return failedItem(name, error);
  }
}

// A search in the text and not in the YAML: includes and anchors of a real suricata.yaml are Suricata's to resolve,
// so this is a warning and never more.
function checkRuleFiles(yamlPath: string, rulesFile: string): CheckItem {
  const name = 'suricata.config';
  const file = basename(rulesFile);
  const hint = `Add "- ${rulesFile}" below "rule-files:" in ${yamlPath} and reload Suricata.`;
  const text = readText(yamlPath);
  if (text === undefined) return { state: 'warn', name, found: `${yamlPath} cannot be read`, hint };
  const named = text.split('\n').some((line) => /^\s*-\s/.test(line) && line.includes(file));
  return named
    ? { state: 'ok', name, found: `${yamlPath} names ${file}` }
    : { state: 'warn', name, found: `${yamlPath} does not name ${file} in rule-files`, hint };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
