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

/** A Pi-hole that blocks names. */
export const piholeSection = section('A Pi-hole (version 6) that blocks what is malicious.', {
  url: webUrl({ doc: 'Where its API answers.', example: 'http://127.0.0.1:8080' }),
  password_file: nullable(
    secretFile({ doc: 'File that holds its application password.', example: '/etc/guardian/pihole.password' }),
  ),
  mode: oneOf(['api', 'list', 'both'], {
    doc: '"api" adds names at once; "list" subscribes it to domains.txt; "both" does both.',
    default: 'api',
  }),
  gravity_every: duration({ doc: 'How often it reads its lists again.', default: '6h', min: '10m' }),
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
