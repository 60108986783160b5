/** The address of the mirror that the machine takes a suite from, and the keyring that vouches for it where one is named. */
export function mirrorOf(
  root: string,
  suite: string,
): { readonly uri: string; readonly keyring: string | undefined } | undefined;
