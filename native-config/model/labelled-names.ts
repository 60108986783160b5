import { readFileSync } from 'node:fs';
import { parseDomainName } from '../../src/core/domain-name.ts';
import { placeOf } from '../../src/core/registrable-domain.ts';
import { fnv1a } from '../../src/store/fnv1a.ts';

/** One line of a labelled list: `domain,label,origin`. */
export interface LabelledName {
  readonly name: string;
  readonly registrable: string;
  /** The label a customer chose: `example` of `example.co.uk`. */
  readonly label: string;
  readonly suffix: string;
  readonly sharedSuffix: boolean;
  readonly malicious: boolean;
  /** Who it belongs to: a malware family, `phishing`, or `benign`. */
  readonly family: string;
}

/** Which half of the data a name belongs to. What is learned from one half is only ever measured on the other. */
export type Half = 'train' | 'test';

/**
 * Reads a labelled list. A header, names that are no names, and reverse zones (`in-addr.arpa`) are left out.
 * @throws Error when the file cannot be read.
 */
export function readLabelledNames(path: string): readonly LabelledName[] {
  const names: LabelledName[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n').slice(1)) {
    const [domain = '', label = '', origin = ''] = line.trim().split(',');
    const parsed = parseDomainName(domain);
    if (!parsed.ok || parsed.value.endsWith('.arpa')) continue;
    const place = placeOf(parsed.value);
    if (place.registrable === undefined || !place.delegated) continue;
    const malicious = label === 'malicious';
    names.push({
      name: parsed.value,
      registrable: place.registrable,
      label: place.registrable.slice(0, -place.suffix.length - 1),
      suffix: place.suffix,
      sharedSuffix: place.sharedSuffix,
      malicious,
      family: malicious ? familyOf(origin) : 'benign',
    });
  }
  return names;
}

/**
 * Splits by family (each malware family is wholly on one side) and, where there is only one family (phishing, benign), by hash of
 * the registrable domain. A registrable domain that would stand on both sides is taken out of the test half.
 */
export function splitLabelled(names: readonly LabelledName[]): Readonly<Record<Half, readonly LabelledName[]>> {
  const train = names.filter((one) => halfOf(one) === 'train');
  const known = new Set(train.map((one) => one.registrable));
  return { train, test: names.filter((one) => halfOf(one) === 'test' && !known.has(one.registrable)) };
}

function halfOf(one: LabelledName): Half {
  const byName = one.family === 'phishing' || one.family === 'benign';
  return fnv1a(byName ? one.registrable : `family:${one.family}`) % 2 === 0 ? 'train' : 'test';
}

// `maltrail:interlock-2` and `blackbook:interlock` are one family: numbered parts and the list's name are left out.
function familyOf(origin: string): string {
  return origin.replace(/^[^:]*:/, '').replace(/-\d+$/, '');
}
