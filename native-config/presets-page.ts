import { FEED_PRESETS, type FeedPreset } from '../src/sources/feeds/presets.ts';

const HOUR_MS = 3_600_000;

/** What the presets are, as a page for whoever chooses among them. */
export function renderPresetsPage(): string {
  const rows = Object.entries<FeedPreset>(FEED_PRESETS).map(([name, preset]) => {
    const { doc, role, key, everyMs, minEveryMs, licence } = preset;
    return `| \`${name}\` | ${doc} | ${role.replace('_', ' ')} | ${key} | ${spanOf(everyMs)} (at least ${spanOf(minEveryMs)}) | ${licence} |`;
  });
  return `# Feeds by name

Generated from \`src/sources/feeds/presets.ts\` by \`npm run generate\`. All are off until the configuration names them:

\`\`\`yaml
feeds:
  - { preset: cert-pl }
  - { preset: urlhaus, auth_key_file: /etc/guardian/abuse-ch.key }
\`\`\`

"Evidence" counts as one engine (\`weight\`), and as none where VirusTotal's answer holds the same list already. "Popularity" and "shared hosting" only ever
make a verdict milder; "dynamic dns" says what is asked about first. Nothing is sent to a feed's host but the request for the whole list.

| preset | what it holds | counts as | key | read every | licence |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function spanOf(ms: number): string {
  if (ms >= 24 * HOUR_MS) return `${ms / (24 * HOUR_MS)} d`;
  return ms >= HOUR_MS ? `${ms / HOUR_MS} h` : `${ms / 60_000} min`;
}
