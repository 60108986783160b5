import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { OperatorError } from '../../core/errors.ts';
import { isMarked, type Joined, withItem, withoutMarked } from './marked-lines.ts';
import { DONE, type Finding, NEEDED, type Site, type Step } from './step.ts';
import { SuricataSettings } from './suricata-settings.ts';

/** What the step needs to know of guardian's configuration, and the fragment with its EVE output. */
export interface SuricataStepOptions {
  readonly config: Pick<Config, 'suricata' | 'eve'>;
  readonly fragment: string;
}

/** What is kept beside the file while we are installed. */
const BACKUP_SUFFIX = '.before-guardian';

/** Adds our EVE output and our rules file to suricata.yaml, asks Suricata whether it takes them, and takes them out if not. */
export function suricataStep({ config, fragment }: SuricataStepOptions): Step {
  const { config: yaml, binary, rulesFile } = config.suricata;
  const isJoined = async ({ system }: Site): Promise<boolean> => {
    const settings = await SuricataSettings.read(system, binary, yaml);
    return settings.sendsTo(config.eve.socket, `unix_${config.eve.type}`) && settings.loads(rulesFile);
  };
  return {
    title: `add an EVE output and ${basename(rulesFile)} to ${yaml}, checked by "suricata -T"`,

    async look(site): Promise<Finding> {
      const text = site.system.read(yaml) ?? '';
      const joined = joinedText(text, fragment, rulesFile);
      // With a stale fragment beside it Suricata does not take its own file, so ask only when our files stand.
      if (isMarked(text) && !site.system.has(fragment)) return NEEDED;
      if (await isJoined(site)) return DONE;
      return 'problem' in joined ? refusal(joined.problem, yaml, fragment, rulesFile) : NEEDED;
    },

    async perform(site): Promise<void> {
      const { system, manifest } = site;
      const before = system.read(yaml) ?? '';
      const joined = joinedText(before, fragment, rulesFile);
      if ('problem' in joined) throw new OperatorError(`Cannot add to "${yaml}": ${joined.problem}`);
      const backup = `${yaml}${BACKUP_SUFFIX}`;
      const ownership = system.ownership(yaml);
      manifest.note({ kind: 'lines', path: yaml, backup });
      system.write(backup, withoutMarked(before) ?? before, ownership);
      system.write(yaml, joined.text, ownership);
      try {
        await testSuricata(site, binary, yaml);
        if (!(await isJoined(site)))
          throw new OperatorError(`Cannot add to "${yaml}": Suricata does not see it, so an include replaces it`);
      } catch (cause) {
        system.write(yaml, before, ownership);
        throw rolledBack(yaml, cause);
      }
    },
  };
}

function joinedText(text: string, fragment: string, rulesFile: string): Joined {
  const clean = withoutMarked(text);
  if (clean === undefined)
    return { problem: 'a line "guardian begin" or "guardian end" of ours has lost its other half' };
  const withOutput = withItem(clean, 'outputs', `eve-log: !include ${basename(fragment)}`);
  return 'problem' in withOutput ? withOutput : withItem(withOutput.text, 'rule-files', rulesFile);
}

function refusal(problem: string, yaml: string, fragment: string, rulesFile: string): Finding {
  const hint = `Add "- eve-log: !include ${fragment}" to your outputs and "- ${rulesFile}" to your rule-files, then run this again.`;
  return { state: 'refused', why: `${problem} in ${yaml}`, hint };
}

/**
 * Without rules: those are checked when they are published, and an old rule of somebody else that does not load is none of our business.
 * `-T` connects to the EVE sockets, which guardian expects.
 */
async function testSuricata({ system }: Site, binary: string, yaml: string): Promise<void> {
  const logs = mkdtempSync(join(tmpdir(), 'guardian-install-'));
  try {
    await system.tool(binary, ['-T', '-c', system.at(yaml), '-l', logs, '-S', '/dev/null']);
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}

function rolledBack(yaml: string, cause: unknown): OperatorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(`${why}; "${yaml}" is as it was`, {
    cause,
    hint: cause instanceof OperatorError ? (cause.hint ?? HINT) : HINT,
  });
}

const HINT = 'Add the output and the rules file by hand, as native-config/suricata says.';
