// The memory, as `src/eve/dns-scanner.ts` knows it.
export const MISS: usize = 64;
export const MINUTE: usize = 96;
export const ZONE: usize = 120;
export const MINUTE_MS: usize = 128;
export const INPUT: usize = 4_096;
export const INPUT_BYTES: usize = 196_608;
/** Comparisons look at up to 16 bytes behind the last newline. */
export const MARGIN: usize = 4_096;
export const EVENTS: usize = INPUT + INPUT_BYTES + MARGIN;
export const EVENT_BYTES: usize = 32;
/** More than there is room for: the shortest record that is read has more than 96 bytes. */
export const MAX_EVENTS: usize = 2_048;
export const SLOTS: usize = EVENTS + MAX_EVENTS * EVENT_BYTES;
export const SLOT_BYTES: usize = 8;
export const SLOT_COUNT: usize = 65_536;
export const ARENA: usize = SLOTS + SLOT_COUNT * SLOT_BYTES;
export const ARENA_BYTES: usize = 3_145_728;
export const ARENA_END: usize = ARENA + ARENA_BYTES;
