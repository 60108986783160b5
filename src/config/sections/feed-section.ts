import { FEED_PRESET_NAMES } from '../../core/feed-preset-name.ts';
import { nullable } from '../field.ts';
import { decimal, duration, flag, oneOf, path, secretFile, text, webUrl } from '../field-kinds.ts';
import { type ConfigOf, type Conflict, list, section } from '../section.ts';

/** Names under which other evidence is kept. */
const TAKEN_NAMES = new Set(['virustotal', 'operator']);

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

const feedSection = section(
  'One public or private list of bad observables.',
  {
    preset: nullable(
      oneOf(FEED_PRESET_NAMES, {
        doc: 'A public feed by name, with its address, format and licence (native-config/feeds.md tells of each). Everything below is then optional.',
      }),
    ),
    name: nullable(
      text({
        doc: 'Name under which its entries are kept and shown; the default is the name of the preset.',
        example: 'urlhaus',
        pattern: NAME,
        want: 'a name of lower-case letters, digits, "-" and "_"',
      }),
    ),
    url: nullable(
      webUrl({ doc: 'Where it is fetched from; either this or path.', example: 'https://feeds.example/domains.txt' }),
    ),
    path: nullable(
      path({ doc: 'The file it is read from; either this or url.', example: '/var/lib/guardian/own.txt' }),
    ),
    format: oneOf(['domains', 'hosts', 'urls', 'ips', 'csv', 'ndjson', 'ranked', 'misp', 'warninglist'], {
      doc: 'How it is written. "ranked" is "rank,name"; "misp" the manifest.json of a MISP feed; "warninglist" a MISP list.json.',
      default: 'domains',
    }),
    role: oneOf(['evidence', 'popularity', 'dynamic_dns', 'shared_hosting'], {
      doc: 'What being on it means: bad; popular; a suffix of dynamic DNS; a host that strangers share.',
      default: 'evidence',
    }),
    column: nullable(
      text({
        doc: 'For csv the column with the observable (its header, or its number from "1"); for ndjson the field.',
        example: 'ioc_value',
        pattern: /^[^\0\r\n]{1,64}$/,
        want: 'the header or the quoted number of a column',
      }),
    ),
    kind: nullable(oneOf(['domain', 'ip', 'url', 'file'], { doc: 'Take only entries of this kind; null takes all.' })),
    weight: nullable(
      decimal({ doc: 'How many engines an entry counts for; null is 1, or what the preset says.', min: 0, max: 100 }),
    ),
    every: nullable(
      duration({ doc: 'How often it is read again; null is 6h, or what the preset says.', example: '6h', min: '5m' }),
    ),
    allow_private: flag({ doc: 'Whether its host may have a private address.', default: false }),
    auth_key_file: nullable(
      secretFile({ doc: 'File with the key its host wants.', example: '/etc/guardian/feed.key' }),
    ),
  },
  (feed) => {
    const conflicts: Conflict[] = [];
    if (feed.name !== null && TAKEN_NAMES.has(feed.name))
      conflicts.push({ key: 'name', text: `is "${feed.name}", want a name that is not taken` });
    if (feed.preset !== null) return conflicts;
    if (feed.name === null) conflicts.push({ key: 'name', text: 'is missing, want a name, or a preset instead' });
    if (feed.url === null && feed.path === null)
      conflicts.push({ key: '', text: 'has neither url nor path, want one of them' });
    if (feed.url !== null && feed.path !== null)
      conflicts.push({ key: 'path', text: 'is given besides url, want one of them' });
    if ((feed.format === 'csv' || feed.format === 'ndjson') && feed.column === null) {
      conflicts.push({ key: 'column', text: `is missing, want one for format "${feed.format}"` });
    }
    return conflicts;
  },
);

/** Feeds that count as evidence besides VirusTotal. */
export const feedList = list(feedSection, {
  doc: 'Lists of bad observables that are fetched as a whole: no lookup is spent and no name is sent out.',
  sample: { preset: 'urlhaus' },
  identity: (feed) => feed.name ?? feed.preset ?? '',
});

/** One item of `feeds:` of the configuration. */
export type FeedConfig = ConfigOf<(typeof feedSection)['shape']>;
