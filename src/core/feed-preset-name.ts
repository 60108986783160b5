/** Public feeds that a configuration may name. What each is stands in `sources/feeds/presets.ts`. */
export const FEED_PRESET_NAMES = [
  'urlhaus',
  'threatfox',
  'feodo',
  'openphish',
  'cert-pl',
  'phishing-database',
  'spamhaus-drop',
  'spamhaus-drop-v6',
  'tranco',
  'umbrella',
  'misp-cisco-top20k',
  'misp-tranco10k',
  'misp-cloudflare-top50k',
  'misp-lots-project',
  'misp-url-shortener',
  'dynamic-dns',
] as const;
export type FeedPresetName = (typeof FEED_PRESET_NAMES)[number];
