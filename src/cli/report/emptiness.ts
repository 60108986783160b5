import type { ReportDocument } from '../../api/report-facts.ts';
import { agoText, countText, timeText } from '../wording.ts';

/** Why a part of the report shows nothing. A blank says nothing; each of these says what to do or that all is well. */
export class Emptiness {
  readonly #report: ReportDocument;

  constructor(report: ReportDocument) {
    this.#report = report;
  }

  /** No answers. */
  get scans(): string {
    const { status, until_at: now } = this.#report;
    const [source] = status.sources;
    if (source?.state === 'no_key' || source?.state === 'bad_key')
      return `VirusTotal is not asked: ${source.reason ?? source.state}. ${this.#hint('no_key')}`.trim();
    if (source?.state === 'resting')
      return `VirusTotal rests until ${timeText(source.resting_until_at)}: ${source.reason ?? 'it asked for it'}.`;
    if (!this.isHeard) return this.events;
    if (status.queue.length === 0) return 'Nothing was worth a question in this time.';
    const next = status.quota.find(({ next_lookup_at: at }) => at !== undefined)?.next_lookup_at;
    const when = next === undefined ? '' : `; the next one is asked ${agoText(next, Date.parse(now))}`;
    return `No answer yet: ${countText(status.queue.length, 'question')} wait${when}.`;
  }

  /** No engine names anything. */
  get classes(): string {
    return this.#report.scans.answered === 0 ? this.scans : 'No engine flagged anything in this time.';
  }

  /** No device used anything flagged. */
  get contacts(): string {
    return this.isHeard ? 'No device used anything that an engine or a feed flags.' : this.events;
  }

  /** No alerts. */
  get alerts(): string {
    return this.isHeard ? 'Suricata raised no alert in this time.' : this.events;
  }

  /** No names were new. */
  get newNames(): string {
    return this.isHeard ? 'Every name had been seen before.' : this.events;
  }

  /** Nothing is blocked. */
  get blocks(): string {
    const { held } = this.#report.status;
    if (held > 0) return `Nothing is blocked: ${countText(held, 'block')} wait for you ("guardian status" lists them).`;
    return 'Nothing is blocked, since nothing is held to be malicious.';
  }

  /** No counters of Suricata. */
  get suricata(): string {
    return this.isHeard
      ? 'Suricata has not told its own counters: include "stats" in the types of its eve-log output.'
      : this.events;
  }

  /** No load of a Pi-hole. */
  get pihole(): string {
    const { pihole } = this.#report.status;
    if (pihole === undefined) return 'No Pi-hole is configured: "pihole:" in guardian.yaml names one.';
    if (pihole.problem !== undefined) return `Its figures cannot be read: ${pihole.problem}`;
    return pihole.state === 'waiting'
      ? 'Its figures have not been read yet.'
      : 'It was not asked anything in this time.';
  }

  /** Nobody asked Pi-hole for what we block. */
  get hits(): string {
    const { status } = this.#report;
    return status.pihole?.figures === undefined ? this.pihole : 'No device asked it for anything that we block there.';
  }

  /** No event of Suricata at all. */
  get events(): string {
    const { warnings, eve } = this.#report.status;
    const silent = warnings.find(({ code }) => code === 'eve_unconnected' || code === 'eve_silent');
    if (silent !== undefined) return `${silent.text} ${silent.hint ?? ''}`.trim();
    return `No event has come from Suricata through ${eve.socket} yet.`;
  }

  /** Whether anything came from Suricata, now or in the period. */
  get isHeard(): boolean {
    const { status, series, contacts } = this.#report;
    return (
      Object.values(status.eve.events).some((count) => count > 0) || series.new_names.length > 0 || contacts.length > 0
    );
  }

  #hint(code: string): string {
    return this.#report.status.warnings.find((warning) => warning.code === code)?.hint ?? '';
  }
}
