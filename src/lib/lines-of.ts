/** The lines of a text, one by one: splitting a list of 100,000 at once would hold all of them beside it. */
export function* linesOf(text: string): Generator<string, void, void> {
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end === -1) end = text.length;
    yield text.slice(at, end);
  }
}
