/** Builds the Debian package for this machine's architecture and Node into a folder, and resolves with its path. */
export function buildDeb(folder: string): Promise<string>;
