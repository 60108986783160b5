/** What can only be said before Node starts: a young generation of 1 MiB. The same as in the unit of systemd, which says why. */
export const FRUGAL_FLAGS = ['--max-semi-space-size=1'];

/** As above, for the C library: two arenas of malloc, unless the person says otherwise. */
export function frugalEnv(env) {
  return { MALLOC_ARENA_MAX: '2', ...env };
}
