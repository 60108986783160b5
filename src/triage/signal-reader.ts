import type { Observable } from '../core/observable.ts';
import { placeOf } from '../core/registrable-domain.ts';
import { sharedHosting } from '../core/shared-hosting.ts';
import type { Via } from '../core/sighting.ts';
import type { VerdictState } from '../core/verdict.ts';
import type { ClientWatch } from './client-watch.ts';
import { looksLike } from './homograph.ts';
import type { LexicalModel } from './lexical-model.ts';
import type { NameKnowledge, NetworkMemory } from './network-memory.ts';
import { type Score, type Signals, score, URGENT_WORTH } from './score.ts';

/** Why a question is put, as far as it is not read from the observable itself. */
export interface Occasion {
  readonly via: Via;
  readonly client?: string;
  readonly alerted?: boolean;
  readonly nxdomain?: boolean;
  readonly held?: Signals['held'];
  readonly parent?: VerdictState;
  readonly feeds?: readonly string[];
}

export interface SignalReaderOptions {
  readonly model: () => LexicalModel;
  readonly memory: NetworkMemory;
  readonly names: NameKnowledge;
  readonly watch: ClientWatch;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

/** Labels that score above this by letters, length and digits look invented. Suffixes are left out: they cost nothing to choose. */
const INVENTED_ABOVE = 1;

/** Gathers what is known of an observable and reckons its worth. */
export class SignalReader {
  readonly #options: SignalReaderOptions;

  constructor(options: SignalReaderOptions) {
    this.#options = options;
  }

  /** The worth of a question. A client that brings more than its share, of questions or of pressing ones, pays for it here. */
  worthOf(observable: Observable, occasion: Occasion): Score {
    const { watch, now } = this.#options;
    const { client = '' } = occasion;
    const signals = this.signalsOf(observable, occasion);
    const worth = score(signals);
    if (client === '') return worth;
    const pressing = worth.total >= URGENT_WORTH ? watch.excess(client, 'urgent', now()) : 0;
    const flood = Math.max(pressing, watch.excess(client, 'all', now()));
    return flood === 0 ? worth : score({ ...signals, flood });
  }

  /** Counts a question for its client. */
  note(client: string | undefined, worth: Score): void {
    const flood = worth.parts.client_flood ?? 0;
    if (client !== undefined && client !== '')
      this.#options.watch.noteQuestion(client, worth.total - flood >= URGENT_WORTH, this.#options.now());
  }

  signalsOf(observable: Observable, occasion: Occasion): Signals {
    const { names } = this.#options;
    const { via, alerted = false, nxdomain, held, parent } = occasion;
    const shared = sharedHosting(observable) !== undefined;
    const ofName = observable.kind === 'domain' ? this.#ofName(observable.value, shared, occasion) : undefined;
    return {
      kind: observable.kind,
      via,
      alerted,
      shared,
      ...ofName,
      burst: this.#isInBurst(observable, occasion),
      quietClient: this.#isQuiet(occasion),
      nxdomain,
      held,
      parent,
      feeds: occasion.feeds ?? names.feedsNaming?.(observable),
    };
  }

  /** Whether a name looks like the output of a generator, by its registrable label alone. */
  looksInvented(observable: Observable): boolean {
    if (observable.kind !== 'domain' || sharedHosting(observable) !== undefined) return false;
    const { bias, trigrams, length, entropy, digits, vowels } = this.#lexical(observable.value);
    return bias + trigrams + length + entropy + digits + vowels > INVENTED_ABOVE;
  }

  #ofName(name: string, shared: boolean, { held }: Occasion): Partial<Signals> {
    const { model, memory, names, now } = this.#options;
    const place = placeOf(name);
    const registrable = place.registrable ?? name;
    const isSuffixShared = shared && place.sharedSuffix;
    const { clients, firstSeenAt = now() } = memory.historyOf(registrable);
    return {
      lexical: shared ? undefined : this.#lexical(name),
      sharedSuffix: isSuffixShared ? model().suffixOdds(place.suffix) : 0,
      homograph: looksLike(registrable),
      dynamicDns: names.isDynamicDns(place.suffix) || names.isDynamicDns(registrable),
      popular: names.isPopular(registrable),
      clients,
      knownDays: held === undefined ? Math.max(0, (now() - firstSeenAt) / DAY_MS) : undefined,
    };
  }

  #isInBurst(observable: Observable, { client = '' }: Occasion): boolean {
    const { watch, now } = this.#options;
    return client !== '' && watch.inBurst(client, now()) && this.looksInvented(observable);
  }

  #isQuiet({ client = '', nxdomain }: Occasion): boolean {
    const { watch, now } = this.#options;
    return client !== '' && nxdomain !== true && watch.isQuiet(client, now());
  }

  #lexical(name: string): ReturnType<LexicalModel['parts']> {
    const { registrable = name, suffix } = placeOf(name);
    return this.#options.model().parts(registrable.slice(0, -suffix.length - 1), suffix);
  }
}
