import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';

/**
 * How a validator is made for schemas that stand in our own source. Checking such a schema against the schema of schemas costs 35 ms a
 * validator at every start (measured), and a wrong one is found by its tests.
 */
const FIXED_SCHEMAS = { meta: false, validateSchema: false } as const;

/** A maker of validators for schemas in our own source. */
export function fixedSchemas(options: Options = {}): Ajv {
  return new Ajv({ ...FIXED_SCHEMAS, ...options });
}

/** The shape that a schema in our own source wants. Compiled once, when it is first asked about: a start needs few of them. */
export class FixedShape<T> {
  readonly #compile: () => ValidateFunction<T>;
  #compiled: ValidateFunction<T> | undefined;

  constructor(schema: object, options: Options = {}) {
    this.#compile = () => fixedSchemas(options).compile<T>(schema);
  }

  fits(value: unknown): value is T {
    this.#compiled ??= this.#compile();
    return this.#compiled(value);
  }

  /** What was wrong with the value that last did not fit. */
  get fault(): ErrorObject | undefined {
    return this.#compiled?.errors?.[0];
  }
}
