import { nullable } from '../field.ts';
import { duration, hostPort, oneOf, path, secretFile, text, webUrl } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

const SET_NAME = { pattern: /^[A-Za-z][A-Za-z0-9_]{0,30}$/, want: 'the name of a set' };

/** Files that anything else can read. */
export const listsSection = section('The same indicators as plain lists for other programs.', {
  dir: path({
    doc: 'Folder of domains.txt, hosts.txt, adblock.txt, rpz.zone and ips.txt. Everyone may read them.',
    default: '/var/lib/guardian/lists',
  }),
  http: nullable(
    hostPort({ doc: 'Address on which the lists are served over HTTP; null serves none.', example: '127.0.0.1:8780' }),
  ),
});

/** What Pi-hole's gravity takes for the address of a list, as far as it makes sense here. */
const LIST_ADDRESS = {
  pattern: /^(?:file:\/\/\/|https?:\/\/)[A-Za-z0-9._~:/?=&%[\]-]+$/,
  want: 'a URL such as "file:///var/lib/guardian/lists/domains.txt" or "http://192.0.2.2:8780/domains.txt"',
};

/** A Pi-hole that blocks names. */
export const piholeSection = section('A Pi-hole (version 6) that blocks what is malicious.', {
  url: webUrl({ doc: 'Where its web page answers.', example: 'http://127.0.0.1:8080' }),
  ca_file: nullable(
    path({
      doc: "For https: a copy of its /etc/pihole/tls_ca.crt; null trusts the system's authorities alone.",
      example: '/etc/guardian/pihole-ca.crt',
    }),
  ),
  password_file: nullable(
    secretFile({
      doc: 'File that holds its application password (its web page, Settings, Web interface / API). null: it has none.',
      example: '/etc/guardian/pihole.password',
    }),
  ),
  mode: oneOf(['api', 'list', 'both'], {
    doc: '"api" adds names at once, one by one, up to 1,000; "list" tells it nothing, and you subscribe it to domains.txt; "both" adds at once and subscribes it.',
    default: 'api',
  }),
  dns: nullable(
    hostPort({
      doc: 'Its DNS, asked to prove what is blocked; null: port 53 of the host in url.',
      example: '127.0.0.1:53',
      defaultPort: 53,
    }),
  ),
  list_address: nullable(
    text({
      doc: 'How it reaches our domains.txt; null: the file itself, for a Pi-hole on this machine and not in a container.',
      example: 'http://192.0.2.2:8780/domains.txt',
      ...LIST_ADDRESS,
    }),
  ),
  gravity_every: duration({
    doc: 'How often it is made to read its lists again when ours changed. Each time it fetches all of yours too.',
    default: '6h',
    min: '10m',
  }),
});

/** A firewall set of bad addresses. */
export const nftablesSection = section('Sets of nftables that hold bad addresses. The rules that use them are yours.', {
  table: text({
    doc: 'Family and name of the table.',
    default: 'inet guardian',
    pattern: /^(?:inet|ip|ip6|bridge|netdev|arp) [A-Za-z][A-Za-z0-9_]{0,30}$/,
    want: 'a family and a name such as "inet guardian"',
  }),
  set4: text({ doc: 'The set of IPv4 addresses.', default: 'bad4', ...SET_NAME }),
  set6: text({ doc: 'The set of IPv6 addresses.', default: 'bad6', ...SET_NAME }),
});

/** `lists:` of the configuration. */
export type ListsConfig = ConfigOf<(typeof listsSection)['shape']>;
/** `pihole:` of the configuration, where it is given. */
export type PiholeConfig = ConfigOf<(typeof piholeSection)['shape']>;
/** `nftables:` of the configuration, where it is given. */
export type NftablesConfig = ConfigOf<(typeof nftablesSection)['shape']>;
