import type { CentralFacts } from '../api/central-facts.ts';
import type { WarningFacts } from '../api/status-facts.ts';
import type { SyncFigures, SyncState } from '../central/sync-figures.ts';
import type { Store } from '../store/store.ts';

/** Refused rows shown at most; one shows what is wrong. */
const MOST_REFUSED = 5;

/** What status says of the central database. */
export function centralFactsOf(figures: SyncFigures, store: Store): CentralFacts {
  const { state, where, lagMs, outboxRows, setAside, thinned } = figures;
  return {
    ...stateFacts(state),
    where,
    ...(lagMs === undefined ? {} : { lagMs }),
    outboxRows,
    thinned,
    setAside,
    refused: store.outbox.aside(MOST_REFUSED).map(({ relation, at, error }) => ({ relation, at, error })),
  };
}

function stateFacts(state: SyncState): Pick<CentralFacts, 'state' | 'why' | 'hint' | 'retryAt'> {
  if (state.kind !== 'waiting') return { state: state.kind === 'syncing' ? 'in_reach' : 'starting' };
  const { why, hint, retryAt } = state;
  return { state: 'away', why, ...(hint === undefined ? {} : { hint }), retryAt: Math.round(retryAt) };
}

/** What a person should do something about: not a centre that is away, which is normal, but one that needs a hand. */
export function centralWarnings(figures: SyncFigures | undefined): readonly WarningFacts[] {
  if (figures === undefined) return [];
  const { state, setAside } = figures;
  const warnings: WarningFacts[] = [];
  if (state.kind === 'waiting' && !PASSING.has(state.failure))
    warnings.push({
      code: 'central',
      text: `${state.why}.`,
      ...(state.hint === undefined ? {} : { hint: state.hint }),
    });
  if (setAside > 0)
    warnings.push({
      code: 'central_refused',
      text: `The central database refuses ${setAside} rows; the others went on.`,
      hint: 'They are tried again when they change and at every start; "guardian status --json" shows why.',
    });
  return warnings;
}

/** What ends by itself. */
const PASSING: ReadonlySet<string> = new Set(['retry', 'lost', 'elsewhere']);
