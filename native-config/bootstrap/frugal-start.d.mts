/** Flags of Node that only help before it starts. */
export const FRUGAL_FLAGS: readonly string[];

/** The environment of a child that is to be small: `env`, and what it does not say. */
export function frugalEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined>;
