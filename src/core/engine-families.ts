import type { FlaggingEngine } from './report.ts';

/**
 * Engines whose word is not their own, by the source they repeat. Several volunteer lists are contributors to VirusTotal
 * (Phishing.Database says so in its README), and several products resell one vendor's data (their own public pages say
 * which). Zhu et al., USENIX Security 2020: "certain groups of engines are strongly correlated and should not be treated independently".
 */
const FAMILY_OF: ReadonlyMap<string, string> = new Map(
  Object.entries({
    bitdefender: ['BitDefender', 'G-Data', 'Emsisoft', 'VIPRE', 'eScan'],
    'phishing-database': ['Phishing Database', 'PhishingDatabase', 'Phishing.Database'],
    phishtank: ['Phishtank', 'PhishTank'],
    urlhaus: ['URLhaus', 'abuse.ch', 'ArcSight Threat Intelligence'],
    openphish: ['OpenPhish'],
    'emerging-threats': ['EmergingThreats', 'Emerging Threats', 'Proofpoint ET'],
    ipsum: ['IPsum', 'CINS Army', 'GreenSnow', 'blocklist.de'],
  }).flatMap(([family, engines]) => engines.map((engine): [string, string] => [normalised(engine), family])),
);

/** The independent voice an engine or a feed belongs to: its family, or itself. */
export function familyOf(engineOrFeed: string): string {
  const name = normalised(engineOrFeed);
  return FAMILY_OF.get(name) ?? name;
}

/** One group per independent voice, with the engines that speak with it. */
export function voicesOf(engines: readonly FlaggingEngine[]): ReadonlyMap<string, readonly string[]> {
  const voices = new Map<string, string[]>();
  for (const { engine } of engines) {
    const family = familyOf(engine);
    voices.set(family, [...(voices.get(family) ?? []), engine]);
  }
  return voices;
}

function normalised(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
