import { type Pattern, parsePattern } from '../core/pattern.ts';
import { parseByteSize } from './byte-size.ts';
import { parseDuration } from './duration.ts';
import { type Field, type FieldOptions, field, type WrittenScalar } from './field.ts';
import { type HostPort, parseHostPort } from './host-port.ts';

/** `sun_path` of unix(7) holds 108 bytes with its final NUL. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Text of a form: `pattern` tells which, `want` says so. */
export function text(options: FieldOptions<string> & { pattern: RegExp; want: string }): Field<string> {
  const read = (written: WrittenScalar): string | undefined => {
    const value = stringOf(written);
    return value !== undefined && options.pattern.test(value) ? value : undefined;
  };
  const json = { type: 'string', pattern: options.pattern.source };
  return field(options, { unit: 'none', want: options.want, json, read });
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], options: FieldOptions<T>): Field<T> {
  return field(options, {
    unit: 'none',
    want: words.map((word) => `"${word}"`).join(' or '),
    json: { enum: words },
    read: (written) => words.find((word) => word === written.value),
  });
}

/** A whole number within bounds. */
export function integer(options: FieldOptions<number> & { min: number; max: number }): Field<number> {
  const { min, max } = options;
  return field(options, {
    unit: 'none',
    want: `a whole number from ${min} to ${max}`,
    json: { type: 'integer', minimum: min, maximum: max },
    read: ({ value }) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  });
}

/** A number within bounds. */
export function decimal(options: FieldOptions<number> & { min: number; max: number }): Field<number> {
  const { min, max } = options;
  return field(options, {
    unit: 'none',
    want: `a number from ${min} to ${max}`,
    json: { type: 'number', minimum: min, maximum: max },
    read: ({ value }) => (typeof value === 'number' && value >= min && value <= max ? value : undefined),
  });
}

/** `true` or `false`. */
export function flag(options: FieldOptions<boolean>): Field<boolean> {
  return field(options, {
    unit: 'none',
    want: 'true or false',
    json: { type: 'boolean' },
    read: ({ value }) => (typeof value === 'boolean' ? value : undefined),
  });
}

/** A duration; inside the process, milliseconds in a key that ends in `Ms`. */
export function duration(options: FieldOptions<number> & { min: string }): Field<number, 'duration'> {
  const minMs = parseDuration(options.min) ?? 0;
  const read = (written: WrittenScalar): number | undefined => {
    const ms = parseDuration(stringOf(written) ?? '');
    return ms !== undefined && ms >= minMs ? ms : undefined;
  };
  const want = `a duration such as "30s", "15m" or "7d", at least "${options.min}"`;
  return field(options, { unit: 'duration', want, json: { type: 'string', pattern: '^([0-9]+(ms|[smhdw]))+$' }, read });
}

/** Several durations in a row, in one text: `1d 3d 7d`. Inside the process a list of milliseconds. */
export function durations(options: FieldOptions<readonly number[]>): Field<readonly number[]> {
  const read = (written: WrittenScalar): readonly number[] | undefined => {
    const all = (stringOf(written) ?? '').trim().split(/\s+/).map(parseDuration);
    return all.every((one): one is number => one !== undefined && one > 0) ? all : undefined;
  };
  return field(options, { unit: 'none', want: 'durations such as "1d 3d 7d"', json: { type: 'string' }, read });
}

/** A size; inside the process, bytes in a key that ends in `Bytes`. */
export function size(options: FieldOptions<number> & { min: string; max: string }): Field<number, 'size'> {
  const min = parseByteSize(options.min) ?? 0;
  const max = parseByteSize(options.max) ?? Number.MAX_SAFE_INTEGER;
  const read = (written: WrittenScalar): number | undefined => {
    const bytes = parseByteSize(stringOf(written) ?? '');
    return bytes !== undefined && bytes >= min && bytes <= max ? bytes : undefined;
  };
  const want = `a size such as "64KiB", from "${options.min}" to "${options.max}"`;
  return field(options, { unit: 'size', want, json: { type: 'string', pattern: '^[0-9]+(B|KiB|MiB|GiB)$' }, read });
}

/** An octal file mode, `"0660"`; with or without quotes, since both look right to a person. */
export function fileMode(options: FieldOptions<number>): Field<number> {
  return field(options, {
    unit: 'none',
    want: 'an octal file mode such as "0660"',
    json: { type: 'string', pattern: '^0?[0-7]{3}$' },
    read: ({ text: written }) =>
      /^(?:0|0o)?[0-7]{3}$/.test(written) ? Number.parseInt(written.slice(-3), 8) : undefined,
  });
}

/** An absolute path. The daemon's working directory is nothing a person should have to know. */
export function path(options: FieldOptions<string>): Field<string> {
  return field(options, {
    unit: 'none',
    want: 'an absolute path',
    json: { type: 'string', pattern: '^/' },
    read: (written) => absolutePathOf(written),
  });
}

/** An absolute path of a unix socket. */
export function socketPath(options: FieldOptions<string>): Field<string> {
  return field(options, {
    unit: 'none',
    want: `an absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
    json: { type: 'string', pattern: '^/', maxLength: MAX_SOCKET_PATH_BYTES },
    read: (written) => {
      const value = absolutePathOf(written);
      return value !== undefined && Buffer.byteLength(value) <= MAX_SOCKET_PATH_BYTES ? value : undefined;
    },
  });
}

/** The absolute path of a file that holds a secret. A value that is no path may be the secret itself. */
export function secretFile(options: FieldOptions<string>): Field<string> {
  return { ...path(options), want: 'the absolute path of a file that holds the secret', isSensitive: () => true };
}

/** A web address without user info, query or fragment, and without a final slash. */
export function webUrl(options: FieldOptions<string>): Field<string> {
  return field(options, {
    unit: 'none',
    want: 'a URL such as "https://host/path" without user, query or fragment',
    json: { type: 'string', format: 'uri', pattern: '^https?://' },
    // A URL can carry a password before its host.
    isSensitive: (value) => value.includes('@'),
    read: (written) => readWebUrl(stringOf(written) ?? ''),
  });
}

/** `host:port` to listen on or to connect to. */
export function hostPort(options: FieldOptions<HostPort> & { defaultPort?: number }): Field<HostPort> {
  const { defaultPort } = options;
  return field(options, {
    unit: 'none',
    want:
      defaultPort === undefined ? '"host:port" or "[address]:port"' : `"host" or "host:port" (default ${defaultPort})`,
    json: { type: 'string' },
    read: (written) => parseHostPort(stringOf(written) ?? '', defaultPort),
  });
}

/** A pattern of `allow`. */
export function allowPattern(options: FieldOptions<Pattern>): Field<Pattern> {
  return field(options, {
    unit: 'none',
    want: '"example.com", "*.example.com", an address, or a network such as "192.0.2.0/24"',
    json: { type: 'string' },
    read: (written) => {
      const parsed = parsePattern(stringOf(written) ?? '');
      return parsed.ok ? parsed.value : undefined;
    },
  });
}

function stringOf(written: WrittenScalar): string | undefined {
  return typeof written.value === 'string' ? written.value : undefined;
}

function absolutePathOf(written: WrittenScalar): string | undefined {
  const value = stringOf(written);
  return value?.startsWith('/') && !value.includes('\0') ? value : undefined;
}

function readWebUrl(value: string): string | undefined {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return url.href.replace(/\/+$/, '');
}
