import { AlertStore } from './alert-store.ts';
import { BasisStore } from './basis-store.ts';
import { CanaryStore } from './canary-store.ts';
import { ChangedIndicators } from './changed-indicators.ts';
import { CorrectionStore } from './correction-store.ts';
import { FeedStore } from './feed-store.ts';
import { FindingStore } from './finding-store.ts';
import { IndicatorStore } from './indicator-store.ts';
import { LookupStore } from './lookup-store.ts';
import { NetworkPanels } from './network-panels.ts';
import { ObservableStore } from './observable-store.ts';
import { OutboxStore } from './outbox-store.ts';
import { OverrideStore } from './override-store.ts';
import { PiholeHitStore } from './pihole-hit-store.ts';
import { PiholeStore } from './pihole-store.ts';
import { PublicationStore } from './publication-store.ts';
import { QueueStore } from './queue-store.ts';
import { QuotaStore } from './quota-store.ts';
import { ReportStore } from './report-store.ts';
import { ScanPanels } from './scan-panels.ts';
import { SharedOverrideStore } from './shared-override-store.ts';
import { SidStore } from './sid-store.ts';
import { SightingStore } from './sighting-store.ts';
import { openSqliteFile, readSqliteFile, type Sqlite, transactDurably } from './sqlite-file.ts';
import { StatsStore } from './stats-store.ts';
import { VerdictStore } from './verdict-store.ts';

/** Where the truth of this machine is kept, and the sids that rules may take. */
export interface StoreOptions {
  readonly path: string;
  readonly sidRange: { readonly first: number; readonly last: number };
  /** Another process's: nothing is written, and every attempt throws. */
  readonly readOnly?: boolean;
}

/** The truth of this machine: one SQLite file, one writer, a class per table. */
export class Store {
  readonly observables: ObservableStore;
  readonly sightings: SightingStore;
  readonly reports: ReportStore;
  readonly verdicts: VerdictStore;
  readonly queue: QueueStore;
  readonly quota: QuotaStore;
  readonly lookups: LookupStore;
  readonly indicators: IndicatorStore;
  readonly publications: PublicationStore;
  readonly sids: SidStore;
  readonly overrides: OverrideStore;
  readonly sharedOverrides: SharedOverrideStore;
  readonly alerts: AlertStore;
  readonly feeds: FeedStore;
  readonly pihole: PiholeStore;
  readonly piholeHits: PiholeHitStore;
  readonly outbox: OutboxStore;
  readonly stats: StatsStore;
  readonly findings: FindingStore;
  readonly corrections: CorrectionStore;
  readonly canaries: CanaryStore;
  readonly scanPanels: ScanPanels;
  readonly networkPanels: NetworkPanels;
  readonly basis: BasisStore;
  readonly #db: Sqlite;

  /** @throws OperatorError when the file cannot be opened or migrated. */
  constructor(options: StoreOptions) {
    const db = options.readOnly === true ? readSqliteFile(options.path) : openSqliteFile(options.path);
    this.#db = db;
    this.observables = new ObservableStore(db);
    this.sightings = new SightingStore(db, this.observables);
    this.reports = new ReportStore(db, this.observables);
    this.verdicts = new VerdictStore(db, this.observables);
    this.queue = new QueueStore(db, this.observables);
    this.quota = new QuotaStore(db);
    this.lookups = new LookupStore(db, this.observables);
    const changed = new ChangedIndicators();
    this.indicators = new IndicatorStore(db, this.observables, changed);
    this.publications = new PublicationStore(db, this.observables, changed);
    this.sids = new SidStore(db, options.sidRange.first, options.sidRange.last);
    this.overrides = new OverrideStore(db);
    this.sharedOverrides = new SharedOverrideStore(db);
    this.alerts = new AlertStore(db, this.observables);
    this.feeds = new FeedStore(db);
    this.pihole = new PiholeStore(db);
    this.piholeHits = new PiholeHitStore(db, this.observables);
    this.outbox = new OutboxStore(db);
    this.stats = new StatsStore(db);
    this.findings = new FindingStore(db, this.observables);
    this.corrections = new CorrectionStore(db);
    this.canaries = new CanaryStore(db);
    this.scanPanels = new ScanPanels(db);
    this.networkPanels = new NetworkPanels(db);
    this.basis = new BasisStore(db);
  }

  /** Runs `work` as one transaction: all of it is kept, or nothing. Survives `kill -9`; the last ones may not survive a power cut. */
  transact<T>(work: () => T): T {
    return this.#orForget(() => (this.#db.inTransaction ? work() : this.#db.transaction(work)()));
  }

  /** As `transact`, and on the disk when it returns. For answers that cost quota, and for what a person decided. */
  transactDurably<T>(work: () => T): T {
    return this.#orForget(() => transactDurably(this.#db, work));
  }

  // Row numbers handed out inside a transaction that was rolled back belong to nobody: the caches must not keep them.
  #orForget<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.observables.forgetCachedIds();
      this.sightings.forgetCachedIds();
      this.queue.forgetCachedIds();
      this.indicators.forgetCached();
      this.sharedOverrides.forgetCached();
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}
