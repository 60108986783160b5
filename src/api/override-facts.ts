import type { Override } from '../core/override.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import type { DocumentOf } from './document.ts';

/** An operator's word, as documents show it. */
export interface OverrideFacts extends Omit<Override, 'pattern'> {
  /** Canonical spelling; what `forget` takes. */
  readonly pattern: string;
}

/** One row of `GET /v1/overrides`. */
export type OverrideDocument = DocumentOf<OverrideFacts>;

/** Every word that holds now: those of the configuration first. */
export function overridesInForce(dependencies: ControlDependencies): readonly Override[] {
  const { configuredOverrides, stores, now } = dependencies;
  return [...configuredOverrides(), ...stores.overrides.current(now()), ...stores.sharedOverrides.current(now())];
}

/** An operator's word with its pattern as text. */
export function overrideFacts(override: Override): OverrideFacts {
  const { pattern, ...rest } = override;
  return { ...rest, pattern: pattern.text };
}
