import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { accepted, type Parsed, refused } from './parsed.ts';

/** RFC 1035 2.3.4: 255 octets on the wire, which is 253 characters of text without the final dot. */
export const MAX_DOMAIN_LENGTH = 253;

const MAX_LABEL_LENGTH = 63;
const CANONICAL = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the class is exactly "not ASCII"
const NON_ASCII = /[^\x00-\x7f]/;

/**
 * Parses a DNS name into its canonical form: lower-case A-labels made of letters, digits, `-` and `_`,
 * at least two labels, no final dot. Everything that renders a name (rules, lists, SQL, pages) relies on
 * this form and therefore needs no escaping of its own.
 *
 * Refused: addresses, single labels, labels over 63 or names over 253 characters, and every name with
 * another character in it; Suricata passes quotes, newlines, NULs and escapes of wire names on intact.
 */
export function parseDomainName(text: string): Parsed<string> {
  if (text === '' || text === '.') return refused('empty');
  if (text.length > MAX_DOMAIN_LENGTH * 4) return refused('too_long');
  const ascii = NON_ASCII.test(text) ? domainToASCII(text) : text.toLowerCase();
  if (ascii === '') return refused('bad_character');
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  return checkCanonical(name);
}

function checkCanonical(name: string): Parsed<string> {
  if (name === '') return refused('empty');
  if (name.length > MAX_DOMAIN_LENGTH) return refused('too_long');
  if (isIP(name) !== 0) return refused('is_address');
  if (!CANONICAL.test(name)) return refused(refusalOf(name));
  const labels = name.split('.');
  for (const label of labels) if (label.length > MAX_LABEL_LENGTH) return refused('bad_label');
  // A numeric last label would be read as an IPv4 address by every URL parser (WHATWG URL, "ends in a number").
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) return refused('is_address');
  return accepted(name);
}

function refusalOf(name: string): 'bad_character' | 'bad_label' | 'single_label' {
  if (!/^[a-z0-9_.-]+$/.test(name)) return 'bad_character';
  if (name.includes('..') || name.startsWith('.') || name.endsWith('.')) return 'bad_label';
  return 'single_label';
}

/** The name of `parents` that `name` is or stands below, the shortest of several; undefined for none. All must be canonical. */
export function parentAmong(name: string, parents: ReadonlySet<string>): string | undefined {
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const parent = name.slice(dot + 1);
    if (parents.has(parent)) return parent;
  }
  return parents.has(name) ? name : undefined;
}

/** Whether `name` is `parent` or stands below it. Both must be canonical. */
export function isWithin(name: string, parent: string): boolean {
  return (
    name === parent ||
    (name.length > parent.length && name.endsWith(parent) && name[name.length - parent.length - 1] === '.')
  );
}
