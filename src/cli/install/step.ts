import type { Manifest } from './manifest.ts';
import type { TargetSystem } from './target-system.ts';

/** How one step stands before it is done. */
export type Finding =
  | { readonly state: 'done'; readonly why?: string }
  | { readonly state: 'needed' }
  /** There is nothing to do here, or not yet. */
  | { readonly state: 'skipped'; readonly why: string }
  /** It cannot be done by us; the rest goes on, and the whole is not a success. */
  | { readonly state: 'refused'; readonly why: string; readonly hint: string };

/** What a step works on. */
export interface Site {
  readonly system: TargetSystem;
  readonly manifest: Manifest;
  /** Files that this run has written so far. */
  readonly written: Set<string>;
}

/** One step of an installation. Done twice, the second time finds nothing to do. */
export interface Step {
  /** What it does, as an infinitive: `create user guardian`. */
  readonly title: string;
  look(site: Site): Promise<Finding> | Finding;
  /** Notes every change in the manifest before it is made. @throws OperatorError; what it began is undone or noted. */
  perform(site: Site): Promise<void> | void;
}

export const DONE: Finding = { state: 'done' };
export const NEEDED: Finding = { state: 'needed' };
