import type { ExplanationDocument } from '../../api/explanation.ts';
import type { Config } from '../../config/schema.ts';
import type { Alert } from '../../core/alert.ts';
import type { CliIo } from '../cli-io.ts';
import { Printer } from '../printer.ts';

/** What the demonstration says. */
export class DemoScreen {
  readonly #printer: Printer;
  readonly #io: CliIo;
  readonly #startedAt: number;

  constructor(io: CliIo) {
    this.#printer = new Printer(io);
    this.#io = io;
    this.#startedAt = io.now();
  }

  opening(facts: {
    readonly version: string;
    readonly baseUrl: string;
    readonly suricata: string | undefined;
    readonly dir: string;
  }): void {
    const out = this.#printer;
    out.heading(`Home Network Guardian ${facts.version}: the whole loop on this machine`);
    out.line();
    out.paragraph(
      `VirusTotal is a stand-in at ${facts.baseUrl}: its answers are made up, it allows far more questions than a free key's 4 a minute, and nothing leaves this machine.`,
      2,
    );
    out.paragraph(
      facts.suricata === undefined
        ? 'Suricata is not installed, so events come from the recording of a real run, and the rules are written but not loaded. Install the package "suricata" to see them alert.'
        : `Suricata ${facts.suricata} is real: it reads the bundled capture twice, as it is and then with the rules that are written here.`,
      2,
    );
    out.paragraph(`The daemon is the real one, in ${facts.dir}.`, 2);
    out.line();
  }

  judged(stories: readonly ExplanationDocument[], questions: number): void {
    const out = this.#printer;
    out.heading('Heard, asked, judged');
    out.paragraph(
      `${stories.length} names came through the EVE socket. ${questions} questions were asked, about names and the addresses, URLs and files that came with them. A registrable domain answers for its hosts, and private names are never asked about.`,
      2,
    );
    out.table(
      ['name', 'engines', 'verdict', 'blocked', 'decided by'],
      stories.map(({ observable, verdict, served_by, never_ask }) => [
        observable,
        verdict.ratio ?? '-',
        served_by === undefined ? verdict.state : 'covered',
        verdict.block ? 'yes' : 'no',
        never_ask ?? served_by ?? verdict.policy_line,
      ]),
    );
    out.line();
  }

  published(config: Config, indicators: number): void {
    const out = this.#printer;
    out.heading('Published');
    out.paragraph(`${indicators} indicators, as rules in ${config.suricata.rulesFile}`, 2);
    out.paragraph(`as datasets in ${config.suricata.datasetsDir}, and as lists in ${config.lists.dir}`, 2);
    out.line();
  }

  /** `undefined`: nobody could load the rules here. */
  proved(alerts: readonly Alert[] | undefined): void {
    const out = this.#printer;
    out.heading('Proved');
    if (alerts === undefined) {
      out.paragraph('Not by Suricata, which is not installed: the files were read back, and hold what was decided.', 2);
    } else {
      out.paragraph(
        'Suricata read the same capture again with these rules. Its alerts came back through the EVE socket; none is about the hosts with 1 or 2 of 92 engines.',
        2,
      );
      out.table(
        ['sid', 'client', 'signature'],
        alerts.map((alert) => [String(alert.sid), alert.client, alert.signature]),
      );
    }
    out.line();
  }

  closing(): void {
    const seconds = ((this.#io.now() - this.#startedAt) / 1000).toFixed(1);
    this.#printer.line(`The loop is closed after ${seconds} s.`);
  }

  exploring(socket: string): void {
    const out = this.#printer;
    out.line();
    out.line('It stays up for exploring. From another terminal, in this folder:');
    out.line(`  export GUARDIAN_SOCKET=${quoted(socket)}`);
    for (const command of COMMANDS) out.line(`  npm start -s -- ${command}`);
    out.line('Ctrl-C ends it and leaves nothing behind.');
  }
}

/** A word for the shell of whoever copies it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** What a newcomer tries first. */
const COMMANDS = [
  'status',
  'report --html report.html',
  'explain storage.googleapis.com',
  'explain hng-demo-malware.top',
  'allow hng-demo-malware.top',
  'export hosts',
];
