import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join as joinPath } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { OperatorError } from '../../core/errors.ts';
import type { Lines } from './manifest.ts';
import { type Joined, withItem, withoutOurs } from './marked-lines.ts';
import { DONE, type Finding, NEEDED, type Site, type Step } from './step.ts';
import { SuricataSettings } from './suricata-settings.ts';
import type { TargetSystem } from './target-system.ts';

/** What the step needs to know of guardian's configuration, and the fragment with its EVE output. */
export interface SuricataStepOptions {
  readonly config: Pick<Config, 'suricata' | 'eve'>;
  readonly fragment: string;
}

/** An item that we want in a list of suricata.yaml. */
interface Item {
  readonly list: string;
  readonly text: string;
}

/** Adds what suricata.yaml lacks of our EVE output and our rules file, asks Suricata whether it takes them, and takes them out if not. */
export function suricataStep({ config, fragment }: SuricataStepOptions): Step {
  const { config: yaml, binary, rulesFile } = config.suricata;
  const output: Item = { list: 'outputs', text: `eve-log: !include ${basename(fragment)}` };
  const rules: Item = { list: 'rule-files', text: rulesFile };

  /** What Suricata does not have, from whomever. */
  const lacking = async ({ system }: Site): Promise<readonly Item[] | { readonly problem: string }> => {
    const settings = await SuricataSettings.read(system, binary, yaml);
    const found = settings.outputTo(config.eve.socket, `unix_${config.eve.type}`);
    if (typeof found === 'object') return found;
    return [...(found === undefined ? [output] : []), ...(settings.loads(rulesFile) ? [] : [rules])];
  };

  return {
    title: `add an EVE output and ${basename(rulesFile)} to ${yaml}, checked by "suricata -T"`,

    async look(site): Promise<Finding> {
      const text = site.system.read(yaml) ?? '';
      const noted = site.manifest.find('lines', yaml);
      // Suricata does not take its own file when it includes one of ours that is gone, so ask only when ours stands.
      if (text.includes(basename(fragment)) && !site.system.has(fragment)) return NEEDED;
      if (noted?.isTested === false || staleOf(noted, [output, rules]).length > 0) return NEEDED;
      const items = await lacking(site);
      if ('problem' in items) return unfit(items.problem, config.eve.socket, fragment);
      if (items.length === 0) return DONE;
      const joined = joinedText(text, items);
      return 'problem' in joined ? refusal(joined.problem, yaml, fragment, rulesFile) : NEEDED;
    },

    async perform(site): Promise<void> {
      const { system } = site;
      const before = system.read(yaml) ?? '';
      const ownership = system.ownership(yaml);
      const noted = site.manifest.find('lines', yaml);
      try {
        await join(site, { before, noted, write: (text) => system.write(yaml, text, ownership) });
      } catch (cause) {
        // Lines that an interrupted run left were never tested, so they are not what was there.
        system.write(yaml, noted?.isTested === false ? withoutOurs(before, noted.items) : before, ownership);
        throw rolledBack(yaml, cause);
      }
    },
  };

  async function join(site: Site, { before, noted, write }: Joining): Promise<void> {
    const { system, manifest } = site;
    const ours = noted?.items ?? [];
    const stale = staleOf(noted, [output, rules]);
    // An output of ours to the same socket, but of the other kind, would look like somebody else's.
    if (stale.length > 0) write(withoutOurs(before, stale));
    const lacked = await lacking(site);
    if ('problem' in lacked) throw cannotAdd(yaml, lacked.problem);
    // Ours are put there anew, so that their marks are whole.
    const items = [output, rules].filter((item) => lacked.includes(item) || ours.includes(item.text));
    const clean = withoutOurs(before, ours);
    const joined = joinedText(clean, items);
    if ('problem' in joined) throw cannotAdd(yaml, joined.problem);
    const backup = noted?.backup ?? freeName(system, `${yaml}${BACKUP_SUFFIX}`);
    const texts = items.map(({ text }) => text);
    const note = { kind: 'lines', path: yaml, backup } as const;
    manifest.note({ ...note, items: [...new Set([...ours, ...texts])], isTested: false });
    system.write(backup, clean, system.ownership(yaml));
    write(joined.text);
    await testSuricata(site, binary, yaml);
    const missed = await lacking(site);
    if ('problem' in missed || missed.length > 0)
      throw cannotAdd(yaml, 'Suricata does not see it, so an include replaces it');
    manifest.note({ ...note, items: texts, isTested: true });
  }
}

/** What the lines are joined to. */
interface Joining {
  readonly before: string;
  readonly noted: Lines | undefined;
  readonly write: (text: string) => void;
}

/** What is kept beside the file while we are installed. */
const BACKUP_SUFFIX = '.before-guardian';

/** A name that nobody has taken. */
function freeName(system: TargetSystem, name: string): string {
  let free = name;
  for (let count = 2; system.has(free); count += 1) free = `${name}-${count}`;
  return free;
}

/** Items of ours that a changed configuration no longer wants. */
function staleOf(noted: Lines | undefined, wanted: readonly Item[]): readonly string[] {
  return (noted?.items ?? []).filter((text) => !wanted.some((item) => item.text === text));
}

function joinedText(text: string, items: readonly Item[]): Joined {
  return items.reduce<Joined>(
    (joined, item) => ('problem' in joined ? joined : withItem(joined.text, item.list, item.text)),
    { text },
  );
}

function cannotAdd(yaml: string, problem: string): OperatorError {
  return new OperatorError(`Cannot add to "${yaml}": ${problem}`, { hint: HINT });
}

function refusal(problem: string, yaml: string, fragment: string, rulesFile: string): Finding {
  const hint = `Add "- eve-log: !include ${fragment}" to your outputs and "- ${rulesFile}" to your rule-files, then run this again.`;
  return { state: 'refused', why: `${problem} in ${yaml}`, hint };
}

/** A second output to the same socket would tell everything twice, so somebody else's is for them to mend. */
function unfit(problem: string, socket: string, fragment: string): Finding {
  const hint = `Mend that output as ${fragment} has it, or take it out, then run this again.`;
  return { state: 'refused', why: `there is an output to ${socket} already, but ${problem}`, hint };
}

/**
 * Without rules: those are checked when they are published, and an old rule of somebody else that does not load is none of our business.
 * `-T` connects to the EVE sockets, which guardian expects.
 */
async function testSuricata({ system }: Site, binary: string, yaml: string): Promise<void> {
  const logs = mkdtempSync(joinPath(tmpdir(), 'guardian-install-'));
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
