import { type Field, field, nullable } from '../field.ts';
import { flag, integer, oneOf, path, socketPath, text } from '../field-kinds.ts';
import { type ConfigOf, section } from '../section.ts';

/** The sids our rules may use, both ends included. */
export interface SidRange {
  readonly first: number;
  readonly last: number;
}

/** Suricata keeps a sid in 32 bits. */
const MAX_SID = 0xffff_ffff;

/** How Suricata is told what is bad. */
export const suricataSection = section(
  'How Suricata learns what is bad, and proves that it did.',
  {
    command_socket: nullable(
      socketPath({
        doc: "Suricata's command socket (unix-command in suricata.yaml); null publishes files only, without proof.",
        default: '/var/run/suricata/suricata-command.socket',
      }),
    ),
    binary: text({
      doc: 'The program that checks rules with "suricata -T" before they are put in place.',
      default: 'suricata',
      pattern: /^(?:\/[^\0]*|[A-Za-z0-9._+-]+)$/,
      want: 'the name of a program or an absolute path',
    }),
    config: path({ doc: "Suricata's own configuration. Only read.", default: '/etc/suricata/suricata.yaml' }),
    rules_file: path({
      doc: 'The rules we write. Name it under rule-files in suricata.yaml.',
      default: '/var/lib/suricata/rules/virustotal-ioc.rules',
    }),
    datasets_dir: path({ doc: 'Where the datasets of those rules are kept.', default: '/var/lib/suricata/datasets' }),
    action: oneOf(['alert', 'drop'], {
      doc: 'What the rules do; "drop" only where Suricata is inline.',
      default: 'alert',
    }),
    reload: oneOf(['ruleset', 'none'], {
      doc: 'How changed rules come into effect: by a reload over the command socket, or by somebody else.',
      default: 'ruleset',
    }),
    max_rules: integer({
      doc: 'The newest and strongest get a rule of their own with a readable message; all are in the datasets.',
      default: 500,
      min: 0,
      max: 50_000,
    }),
    sid_range: sidRange(),
    allow_unchecked: flag({
      doc: 'Put rules in place although the binary that checks them is missing.',
      default: false,
    }),
  },
  ({ sidRange: { first, last }, maxRules }) =>
    last - first + 1 > maxRules
      ? []
      : [{ key: 'sid_range', text: `holds ${last - first + 1} sids, want more than suricata.max_rules (${maxRules})` }],
);

/** `suricata:` of the configuration. */
export type SuricataConfig = ConfigOf<(typeof suricataSection)['shape']>;

function sidRange(): Field<SidRange> {
  return field(
    { doc: 'The sids of our rules. A sid belongs to an indicator for life.', default: '1900000-1999999' },
    {
      unit: 'none',
      want: 'two sids such as "1900000-1999999", the lower one first',
      json: { type: 'string', pattern: '^[0-9]+-[0-9]+$' },
      read: ({ text: written }) => {
        const [, first, last] = /^([0-9]{1,10})-([0-9]{1,10})$/.exec(written) ?? [];
        const range = { first: Number(first), last: Number(last) };
        return range.first >= 1 && range.first <= range.last && range.last <= MAX_SID ? range : undefined;
      },
    },
  );
}
