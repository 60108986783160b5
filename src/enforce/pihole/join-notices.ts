/** What a person should know, as one line; nothing where there is nothing to say. */
export function joinNotices(parts: readonly (string | undefined)[]): { readonly notice?: string } {
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? {} : { notice: said.join('; ') };
}
