/** What the parts of a score mean to a person who asks why this was asked about, and not that. */
const WORDS: Readonly<Record<string, string>> = {
  kind_domain: 'a name',
  kind_ip: 'an address',
  kind_url: 'a URL',
  kind_file: 'a file',
  alert: 'Suricata alerted on it',
  feed: 'a feed lists it',
  tld: 'its ending',
  trigrams: 'its letters',
  length: 'its length',
  entropy: 'its disorder',
  digits: 'its digits',
  vowels: 'its vowels',
  lexical_base: 'most names are harmless',
  shared_hosting: 'shared hosting',
  shared_suffix: 'the ending it shares',
  dynamic_dns: 'dynamic DNS',
  popular: 'popular',
  homograph: 'looks like another name',
  nxdomain: 'does not exist',
  nxdomain_burst: 'its client tries invented names',
  quiet_client: 'its client seldom does anything new',
  clients: 'clients that use it',
  familiar: 'known here for weeks',
  client_flood: 'its client asks more than its share',
  parent: "its domain's verdict",
  blocked: 'blocked now',
  new_client: 'a new client uses it',
  idle: 'nobody uses it any more',
};

/** A part of a score in words; one that has none keeps its name. */
export function scorePartText(name: string): string {
  return WORDS[name] ?? name.replace(/^held_/, 'held to be ').replaceAll('_', ' ');
}
