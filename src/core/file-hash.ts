import { accepted, type Parsed, refused } from './parsed.ts';

/** Hexadecimal digits of MD5, SHA-1 and SHA-256. */
const HASH_LENGTHS = new Set([32, 40, 64]);

/** Parses an MD5, SHA-1 or SHA-256 in hexadecimal into lower case. */
export function parseFileHash(text: string): Parsed<string> {
  if (text === '') return refused('empty');
  if (!HASH_LENGTHS.has(text.length) || !/^[0-9a-f]+$/i.test(text)) return refused('bad_hash');
  return accepted(text.toLowerCase());
}
