/**
 * How far ahead of the database's clock a row may be and still count as of now. Rows carry the time of the sensor that wrote them, whose
 * clock may run a bit ahead; five minutes is what Kerberos forgives a clock (RFC 4120). What lies further ahead was written by a clock
 * that is wrong: without a bound it would be the newest of all, and just happened, for as long as the clock was ahead.
 */
const AHEAD = 'INTERVAL 5 MINUTE';

/** Whether a time can be believed: it is not to come. */
export function hasCome(column: string): string {
  return `${column} <= UTC_TIMESTAMP() + ${AHEAD}`;
}

/** Within a period up to now, e.g. `15 MINUTE`; by the index that begins with the column. */
export function within(period: string, column: string): string {
  return `${column} > UTC_TIMESTAMP() - INTERVAL ${period} AND ${hasCome(column)}`;
}

/** Whole seconds since a time of `hasCome`; 0 for one that is a bit ahead, NULL for none. */
export function ageOf(time: string): string {
  return `GREATEST(TIMESTAMPDIFF(SECOND, ${time}, UTC_TIMESTAMP()), 0)`;
}

/**
 * Whole seconds since a time in `panel_sensors` that the sensor's clock told. How far that clock is off stands beside it, so that a
 * clock that is an hour ahead hides nothing.
 */
export function ageBySensor(column: string): string {
  return `GREATEST(TIMESTAMPDIFF(SECOND, ${column}, UTC_TIMESTAMP()) + clock_skew_ms DIV 1000, 0)`;
}

/**
 * Whole seconds since a sensor was heard, by the database's own clock. A sensor that lives says so every ten seconds: one that is heard
 * in the future has been silent since that clock was set back, and is not to pass for one just heard.
 */
export const SILENCE = 'ABS(TIMESTAMPDIFF(SECOND, heartbeat, UTC_TIMESTAMP()))';
