const MAX_LENGTH = 256;

/**
 * A text from the network made safe to show: printable ASCII only, everything else as `?`, and bounded. Signatures are
 * written by rule authors, yet a rule's `msg` may quote what an attacker sent.
 */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[^\x20-\x7e]/g, '?');
}
