/** Compiles `src` into `dist` when a source is newer than the last build. */
export function build(): Promise<void>;
