/** What stands around our lines in a file of somebody else. */
const BEGIN = '# guardian begin: added by "guardian install", taken out by "guardian uninstall"';
const END = '# guardian end';

/** A file with lines of ours added, or why they cannot be. */
export type Joined = { readonly text: string } | { readonly problem: string };

/**
 * Adds an item at the head of a top-level list of a YAML file, between our marks, and touches nothing else: a YAML library would
 * write 2,000 lines of comments anew. Where the list does not stand in the file as a block, that is the problem said.
 */
export function withItem(text: string, list: string, item: string): Joined {
  const lines = text.split('\n');
  const heads = lines.flatMap((line, index) => (new RegExp(`^${list}:`).test(line) ? [index] : []));
  const [head] = heads;
  if (head === undefined) return { problem: `there is no "${list}:" at its top level` };
  if (heads.length > 1) return { problem: `"${list}:" stands there ${heads.length} times` };
  if (!/^[\w-]+:\s*(?:#.*)?\r?$/.test(lines[head] ?? ''))
    return { problem: `"${list}:" is not followed by a list of lines` };
  const indent = indentOf(lines.slice(head + 1));
  if (indent === undefined) return { problem: `"${list}:" is not followed by a list of lines` };
  const added = [BEGIN, `- ${item}`, END].map((line) => `${indent}${line}${lines[head]?.endsWith('\r') ? '\r' : ''}`);
  return { text: [...lines.slice(0, head + 1), ...added, ...lines.slice(head + 1)].join('\n') };
}

/**
 * The text without our marks and without these items of ours, wherever they stand by now. By what they say and not by what stands
 * between the marks: a mark may have been lost, and a line of somebody else may have come between them.
 */
export function withoutOurs(text: string, items: readonly string[]): string {
  const isOurs = (line: string): boolean => {
    const said = line.trim();
    return said === BEGIN || said === END || items.some((item) => said.replace(/\s+#.*$/, '') === `- ${item}`);
  };
  return text
    .split('\n')
    .filter((line) => !isOurs(line))
    .join('\n');
}

/** How far the items of a list are indented; `undefined` when what follows is no item. */
function indentOf(lines: readonly string[]): string | undefined {
  const first = lines.find((line) => !/^\s*(?:#.*)?\r?$/.test(line));
  return /^(\s*)-\s/.exec(first ?? '')?.[1];
}
