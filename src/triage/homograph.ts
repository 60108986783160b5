import { domainToUnicode } from 'node:url';

/**
 * Letters of other scripts that are drawn like a Latin one in common fonts: the Cyrillic, Greek, Armenian and Latin-extended part of
 * Unicode's confusables (UTS #39) that registries allow in names.
 */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аαạąàáâãäåāɑ',
    b: 'ЬвƄ',
    c: 'сϲçćč',
    d: 'ԁɗđ',
    e: 'еёєęėèéêëēẹ',
    f: 'ƒ',
    g: 'ɡġğģ',
    h: 'һհ',
    i: 'іїìíîïīıιɩ',
    j: 'јϳ',
    k: 'кκķ',
    l: 'ӏłļḷ',
    m: 'мṃ',
    n: 'пηńñņṇո',
    o: 'оοσòóôõöøōőọօ',
    p: 'рρ',
    q: 'ԛգ',
    r: 'гŕŗ',
    s: 'ѕśşšșṣ',
    t: 'тτţťț',
    u: 'υцùúûüūųụս',
    v: 'ѵν',
    w: 'ѡԝωẃẁŵ',
    x: 'хχ',
    y: 'уүýÿγ',
    z: 'ᴢźżžẓ',
  }).flatMap(([latin, others]) => [...others].map((other): [string, string] => [other, latin])),
);

/**
 * The Latin name that a punycode name can be taken for, where every letter of its registrable label has a Latin lookalike; undefined
 * for every other name. A name written wholly in its own script, with letters that look like nothing Latin, is no homograph.
 */
export function looksLike(name: string): string | undefined {
  if (!name.includes('xn--')) return undefined;
  const unicode = domainToUnicode(name);
  let skeleton = '';
  for (const letter of unicode) {
    const latin = /^[a-z0-9.-]$/.test(letter) ? letter : LOOKALIKES.get(letter);
    if (latin === undefined) return undefined;
    skeleton += latin;
  }
  return skeleton === '' || skeleton === unicode ? undefined : skeleton;
}
