/**
 * What is taken of a MISP attribute, by its type: which part of `a|b` names the observable (MISP core format,
 * https://www.misp-standard.org/rfc/misp-standard-core.html, attribute types). `ip-src` is who knocked from outside, and
 * `domain|ip` names an address that others may share: neither is taken.
 */
const PART_OF_TYPE: ReadonlyMap<string, number> = new Map([
  ['domain', 0],
  ['hostname', 0],
  ['hostname|port', 0],
  ['domain|ip', 0],
  ['ip-dst', 0],
  ['ip-dst|port', 0],
  ['url', 0],
  ['md5', 0],
  ['sha1', 0],
  ['sha256', 0],
  ['filename|md5', 1],
  ['filename|sha1', 1],
  ['filename|sha256', 1],
]);

/** The entry of one attribute: none unless it is meant for detection (`to_ids`) and not deleted. */
export function mispEntries(attribute: unknown): readonly string[] {
  if (typeof attribute !== 'object' || attribute === null) return [];
  const { type, value, to_ids, deleted } = attribute as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string' || typeof value !== 'string' || to_ids !== true || deleted === true) return [];
  const part = PART_OF_TYPE.get(type);
  if (part === undefined) return [];
  // A URL may hold the separator itself.
  const text = type === 'url' ? value : value.split('|')[part];
  return text === undefined ? [] : [text];
}
