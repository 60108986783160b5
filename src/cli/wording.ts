const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A span of time as people say it: `3 d 2 h`, `5 min`, `12 s`. */
export function spanText(ms: number): string {
  const span = Math.max(0, ms);
  if (span >= DAY_MS) return joined(span, DAY_MS, 'd', HOUR_MS, 'h');
  if (span >= HOUR_MS) return joined(span, HOUR_MS, 'h', MINUTE_MS, 'min');
  return span >= MINUTE_MS ? `${Math.floor(span / MINUTE_MS)} min` : `${Math.floor(span / SECOND_MS)} s`;
}

/** How long ago an ISO time was: `5 min ago`; a time to come is `in 5 min`; nothing is `never`. */
export function agoText(iso: string | undefined, now: number): string {
  if (iso === undefined) return 'never';
  const ms = now - Date.parse(iso);
  return ms < 0 ? `in ${spanText(-ms)}` : `${spanText(ms)} ago`;
}

/** An ISO time as it is shown: `2026-01-31 12:00 UTC`. */
export function timeText(iso: string | undefined): string {
  return iso === undefined ? '-' : `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** `1 device`, `2 devices`. */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** Bytes as people read them: `85 MiB`. */
export function bytesText(bytes: number): string {
  const MIB = 1024 * 1024;
  return bytes >= MIB ? `${Math.round(bytes / MIB)} MiB` : `${Math.round(bytes / 1024)} KiB`;
}

function joined(span: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((span % big) / small);
  return `${Math.floor(span / big)} ${bigUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}
