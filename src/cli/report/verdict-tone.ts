import type { VerdictState } from '../../core/verdict.ts';
import type { Tone } from './charts.ts';

/** The colour of what something is held to be. What nobody has judged is not green. */
export function toneOf(state: VerdictState): Tone {
  switch (state) {
    case 'malicious':
    case 'suspicious':
    case 'noise':
    case 'clean':
      return state;
    default:
      return 'unknown';
  }
}

/** What a state is called: `not found`. */
export function stateText(state: VerdictState): string {
  return state.replace('_', ' ');
}
