import type { SchemaObject } from 'ajv';
import { UnavailableError } from '../../core/errors.ts';
import { FixedShape } from '../../lib/fixed-shape.ts';

/** How much of one window's allowance is there, and how much is used. */
export interface Allowance {
  readonly allowed: number;
  readonly used: number;
}

/**
 * What VirusTotal allows a key, per window. It tells hours, days and months; the four a minute of a free key stand
 * nowhere, so `minute` is absent unless a future answer has it. Some keys have one question a day: never assume 500.
 */
export interface Allowances {
  readonly minute?: Allowance;
  readonly hour?: Allowance;
  /** From 00:00 UTC. */
  readonly day: Allowance;
  /** From the 1st, 00:00 UTC. Not every key has one. */
  readonly month?: Allowance;
}

type Window = Readonly<Partial<Record<'user' | 'group', Allowance>>>;

interface OverallQuotas {
  readonly data: {
    readonly api_requests_hourly?: Window;
    readonly api_requests_daily: Window;
    readonly api_requests_monthly?: Window;
  };
}

const NUMBER = { type: 'integer', minimum: 0 };
const ALLOWANCE = { type: 'object', required: ['allowed', 'used'], properties: { allowed: NUMBER, used: NUMBER } };
const WINDOW = {
  type: 'object',
  properties: { user: ALLOWANCE, group: ALLOWANCE },
  anyOf: [{ required: ['user'] }, { required: ['group'] }],
};

const SCHEMA: SchemaObject = {
  type: 'object',
  required: ['data'],
  properties: {
    data: {
      type: 'object',
      required: ['api_requests_daily'],
      properties: { api_requests_hourly: WINDOW, api_requests_daily: WINDOW, api_requests_monthly: WINDOW },
    },
  },
};

const OVERALL_QUOTAS = new FixedShape<OverallQuotas>(SCHEMA, { strictRequired: false });

/**
 * Parses the answer of `/users/{id}/overall_quotas`. Where a user also belongs to a group, the one with less left counts.
 *
 * @throws UnavailableError when it is not such an answer
 */
export function allowancesOf(json: unknown): Allowances {
  if (!OVERALL_QUOTAS.fits(json)) {
    const { fault } = OVERALL_QUOTAS;
    throw new UnavailableError(
      `Cannot read the allowances of VirusTotal: ${fault?.instancePath || 'the answer'} ${fault?.message}, want overall_quotas`,
    );
  }
  const { api_requests_hourly: hourly, api_requests_daily: daily, api_requests_monthly: monthly } = json.data;
  return {
    ...(hourly === undefined ? {} : { hour: tighter(hourly) }),
    day: tighter(daily),
    ...(monthly === undefined ? {} : { month: tighter(monthly) }),
  };
}

/** Whether an allowance is used up. */
export function isSpent(allowance: Allowance | undefined): boolean {
  return allowance !== undefined && allowance.used >= allowance.allowed;
}

function tighter({ user, group }: Window): Allowance {
  const one = user ?? group ?? { allowed: 0, used: 0 };
  const other = group ?? one;
  const { allowed, used } = other.allowed - other.used < one.allowed - one.used ? other : one;
  return { allowed, used };
}
