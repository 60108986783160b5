import { nullable } from '../field.ts';
import { duration, fileMode, oneOf, size, socketPath, text } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

/** Where Suricata's events come in. */
export const eveSection = section(
  'Where Suricata sends its events (EVE). The same socket and type stand in suricata.yaml.',
  {
    socket: socketPath({ doc: 'The unix socket on which events are received.', default: '/run/guardian/eve.sock' }),
    type: oneOf(['stream', 'dgram'], {
      doc: '"stream" for filetype unix_stream, several times cheaper per event; "dgram" for filetype unix_dgram.',
      default: 'stream',
    }),
    socket_mode: fileMode({ doc: 'Mode of the socket; Suricata must be able to write to it.', default: '0660' }),
    socket_group: nullable(
      text({
        doc: 'Group of the socket, by name or number; null leaves the group of the daemon.',
        example: 'suricata',
        pattern: /^(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,10})$/,
        want: 'the name of a group',
      }),
    ),
    flush_every: duration({
      doc: 'How often sightings are written to the database. A crash loses at most the sightings of this time.',
      default: '10s',
      min: '100ms',
    }),
    max_line: size({
      doc: 'Longest event taken from a stream; a longer one is counted and skipped.',
      default: '1MiB',
      min: '64KiB',
      max: '64MiB',
    }),
  },
);

/** `eve:` of the configuration. */
export type EveConfig = ConfigOf<(typeof eveSection)['shape']>;
