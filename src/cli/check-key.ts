import type { Config } from '../config/schema.ts';
import { ConfigError, CredentialsError } from '../core/errors.ts';
import type { CheckItem, CheckProbes, KeyFacts } from '../sidecar/check-probes.ts';
import { failedItem } from './check-failure.ts';
import { spanText } from './wording.ts';

/** The day's allowance is counted by UTC days: a clock that is off by minutes spends it on the wrong one. */
const MAX_SKEW_MS = 2 * 60_000;

/** The key with its real allowance, and our clock against the source's. */
export async function checkKeyAndClock(
  config: Config,
  { probes, now }: { readonly probes: CheckProbes; readonly now: () => number },
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const name = 'virustotal';
  try {
    const facts = await probes.readKey(config, signal);
    if (facts === undefined) {
      const hint = 'Get a free key at virustotal.com and name its file in virustotal.api_key_file.';
      return [{ state: 'warn', name, found: 'no key: only feeds are used', hint }, clockItem(now(), undefined)];
    }
    return [allowanceItem(facts), clockItem(now(), facts.serverTimeAt)];
  } catch (error) {
    const isOurs = error instanceof ConfigError || error instanceof CredentialsError;
    return [failedItem(name, error, isOurs ? 'bad' : 'warn'), clockItem(now(), undefined)];
  }
}

function allowanceItem({ windows }: KeyFacts): CheckItem {
  const texts = [...windows].map(([window, { used, allowed }]) => `${used} of ${allowed} used this ${window}`);
  const spent = [...windows].find(([, { used, allowed }]) => used >= allowed);
  const found = `the key works; ${texts.join(', ')}`;
  if (spent === undefined) return { state: 'ok', name: 'virustotal', found };
  return {
    state: 'warn',
    name: 'virustotal',
    found,
    hint: `The allowance of this ${spent[0]} is spent; nothing is asked until it ends.`,
  };
}

function clockItem(now: number, serverTimeAt: number | undefined): CheckItem {
  const name = 'clock';
  const time = new Date(now).toISOString();
  if (serverTimeAt === undefined) return { state: 'ok', name, found: `${time}, not compared with any other` };
  const skew = now - serverTimeAt;
  if (Math.abs(skew) <= MAX_SKEW_MS) return { state: 'ok', name, found: `${time}, agrees with VirusTotal's` };
  const hint = 'Let systemd-timesyncd or chrony set it; the daily allowance is counted by UTC days.';
  return {
    state: 'bad',
    name,
    found: `${time} is ${spanText(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} VirusTotal's`,
    hint,
  };
}
