/**
 * The fields of one line of CSV (RFC 4180, without line breaks inside quotes). Blanks around a quoted field are
 * dropped, since abuse.ch writes `"a", "b"`. `undefined` when a quote is not closed.
 */
export function csvFields(line: string): readonly string[] | undefined {
  if (!line.includes('"')) return line.split(',').map((field) => field.trim());
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const start = skipBlanks(line, at);
    if (line[start] !== '"') {
      const comma = line.indexOf(',', at);
      const end = comma === -1 ? line.length : comma;
      fields.push(line.slice(at, end).trim());
      at = end + 1;
      continue;
    }
    const end = closingQuote(line, start + 1);
    if (end === -1) return undefined;
    fields.push(line.slice(start + 1, end).replaceAll('""', '"'));
    const comma = line.indexOf(',', end);
    at = comma === -1 ? line.length + 1 : comma + 1;
  }
  return fields;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  return at;
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at !== -1; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] !== '"') return at;
  }
  return -1;
}
