import { nullable } from '../field.ts';
import { decimal, duration, oneOf, path, secretFile, text, webUrl } from '../field-kinds.ts';
import { type ConfigOf, type Conflict, list, section } from '../section.ts';

/** Names under which other evidence is kept. */
const TAKEN_NAMES = new Set(['virustotal', 'operator']);

const feedSection = section(
  'One public or private list of bad observables.',
  {
    name: text({
      doc: 'Name under which its entries are kept and shown.',
      example: 'urlhaus',
      pattern: /^[a-z0-9][a-z0-9_-]{0,31}$/,
      want: 'a name of lower-case letters, digits, "-" and "_"',
    }),
    url: nullable(
      webUrl({ doc: 'Where it is fetched from; either this or path.', example: 'https://feeds.example/domains.txt' }),
    ),
    path: nullable(
      path({ doc: 'The file it is read from; either this or url.', example: '/var/lib/guardian/own.txt' }),
    ),
    format: oneOf(['domains', 'hosts', 'urls', 'ips', 'csv', 'ndjson'], {
      doc: 'How it is written.',
      default: 'domains',
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
    weight: decimal({ doc: 'How many engines an entry counts for.', default: 1, min: 0, max: 100 }),
    every: duration({ doc: 'How often it is read again.', default: '6h', min: '5m' }),
    auth_key_file: nullable(
      secretFile({ doc: 'File with the key its host wants.', example: '/etc/guardian/feed.key' }),
    ),
  },
  (feed) => {
    const conflicts: Conflict[] = [];
    if (TAKEN_NAMES.has(feed.name))
      conflicts.push({ key: 'name', text: `is "${feed.name}", want a name that is not taken` });
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
  sample: { name: 'urlhaus', url: 'https://feeds.example/domains.txt' },
  identity: (feed) => feed.name,
});

/** One item of `feeds:` of the configuration. */
export type FeedConfig = ConfigOf<(typeof feedSection)['shape']>;
