import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { until } from './until.ts';

/** How a page is looked at. */
export interface Look {
  /** CSS pixels. */
  readonly width: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

type Parameters_ = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Parameters_;
  readonly result?: Parameters_;
  readonly error?: { readonly message: string };
}

/** What ends a message on the pipe. */
const END = '\0';
const ANSWER_DEADLINE_MS = 60_000;

/**
 * A headless Chromium, told what to do over a pipe (Chrome DevTools Protocol). No name resolves in it but what the machine itself
 * is called, so that nothing leaves whatever a page tries.
 */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners: ((message: Message) => void)[] = [];
  #lastId = 0;
  #rest = '';
  #complaints = '';

  /** @throws Error when there is no `chromium`. */
  constructor() {
    this.#profile = mkdtempSync(join(tmpdir(), 'guardian-chromium-'));
    this.#child = spawn(
      'chromium',
      [
        '--headless',
        '--remote-debugging-pipe',
        `--user-data-dir=${this.#profile}`,
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--hide-scrollbars',
        '--no-first-run',
        '--disable-background-networking',
        '--host-resolver-rules=MAP * ~NOTFOUND',
        '--force-color-profile=srgb',
        '--font-render-hinting=none',
        // Containers and root have none; what it shows is our own file, and nothing leaves it.
        '--no-sandbox',
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: { ...process.env, HOME: this.#profile } },
    );
    this.#child.stderr?.on('data', (text) => {
      this.#complaints = (this.#complaints + String(text)).slice(-2_000);
    });
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    // The pipe breaks when it ends before us; who waits for an answer is told by `#tell`.
    (this.#child.stdio[3] as Writable).on('error', () => undefined);
  }

  /** Opens an empty page. */
  async open(): Promise<Page> {
    const { targetId } = await this.tell('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.tell('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    await page.begin();
    return page;
  }

  /** Sends a command and resolves with its result. */
  async tell(method: string, params: Parameters_ = {}, sessionId?: string): Promise<Parameters_> {
    const id = ++this.#lastId;
    let answer: Message | undefined;
    this.#waiting.set(id, (message) => {
      answer = message;
    });
    const command = { id, method, params, ...(sessionId === undefined ? {} : { sessionId }) };
    (this.#child.stdio[3] as Writable).write(JSON.stringify(command) + END);
    const isAnswered = () => {
      if (answer === undefined && this.#hasEnded) throw new Error(`Chromium ended: ${this.#complaints}`);
      return answer !== undefined;
    };
    await until(`chromium answers ${method}`, isAnswered, ANSWER_DEADLINE_MS);
    if (answer?.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer?.result ?? {};
  }

  /** Calls back on every event of every page. */
  listen(listener: (message: Message) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    // Its helpers write into the profile until it has told them to end.
    if (!this.#hasEnded) await this.tell('Browser.close').catch(() => this.#child.kill('SIGKILL'));
    await until('chromium has ended', () => this.#hasEnded, ANSWER_DEADLINE_MS);
    await until('its profile is gone', () => removed(this.#profile), ANSWER_DEADLINE_MS);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  #hear(text: string): void {
    const messages = (this.#rest + text).split(END);
    this.#rest = messages.pop() ?? '';
    for (const one of messages) {
      const message = JSON.parse(one) as Message;
      if (message.id === undefined) for (const listener of this.#listeners) listener(message);
      else this.#waiting.get(message.id)?.(message);
      if (message.id !== undefined) this.#waiting.delete(message.id);
    }
  }
}

/** One page, and everything it tried. */
export class Page {
  /** Addresses it asked for, besides its own. */
  readonly requests: string[] = [];
  /** Dialogs that opened, and what the console and the content security policy said. */
  readonly incidents: string[] = [];
  readonly #chromium: Chromium;
  readonly #session: string;
  #isLoaded = false;

  constructor(chromium: Chromium, session: string) {
    this.#chromium = chromium;
    this.#session = session;
    chromium.listen((message) => {
      if (message.sessionId === session) this.#note(message);
    });
  }

  /** Begins to watch. */
  async begin(): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.#tell(`${domain}.enable`);
    // Nothing is let through: what is asked for is seen here and fails.
    await this.#tell('Fetch.enable', { patterns: [{ urlPattern: 'http*' }] });
  }

  /** Loads a file of this machine and resolves when that is done. */
  async load(path: string, { width, height = 900, scheme = 'light' }: Look): Promise<void> {
    await this.look({ width, height, scheme });
    this.#isLoaded = false;
    await this.#tell('Page.navigate', { url: `file://${path}` });
    await until('the page is loaded', () => this.#isLoaded, ANSWER_DEADLINE_MS);
    await this.evaluate('document.fonts.ready.then(() => true)');
  }

  /** Changes how the page is looked at. */
  async look({ width, height = 900, scheme = 'light' }: Look): Promise<void> {
    await this.#tell('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.#tell('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const parameters = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.#tell('Runtime.evaluate', parameters);
    if (exceptionDetails !== undefined) throw new Error(`In the page: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** A picture of the page as PNG: all of it, or `height` pixels from `top` on. */
  async screenshot({ top = 0, height }: { readonly top?: number; readonly height?: number } = {}): Promise<Buffer> {
    const size = await this.evaluate<{ width: number; height: number }>(
      '({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight })',
    );
    const left = size.height - top;
    const clip = { x: 0, y: top, width: size.width, height: Math.min(height ?? left, left), scale: 1 };
    const { data } = await this.#tell('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
    return Buffer.from(String(data), 'base64');
  }

  #tell(method: string, params: Parameters_ = {}): Promise<Parameters_> {
    return this.#chromium.tell(method, params, this.#session);
  }

  #note({ method, params = {} }: Message): void {
    if (method === 'Page.loadEventFired') this.#isLoaded = true;
    if (method === 'Fetch.requestPaused') {
      this.requests.push((params.request as { url: string }).url);
      void this.#tell('Fetch.failRequest', { requestId: params.requestId, errorReason: 'BlockedByClient' });
    }
    if (method === 'Network.requestWillBeSent') {
      const { url } = params.request as { url: string };
      if (!url.startsWith('file:') && !url.startsWith('http')) this.requests.push(url);
    }
    if (method === 'Page.javascriptDialogOpening') {
      this.incidents.push(`dialog: ${params.message}`);
      void this.#tell('Page.handleJavaScriptDialog', { accept: true });
    }
    if (method === 'Log.entryAdded') this.incidents.push(`log: ${(params.entry as { text: string }).text}`);
    if (method === 'Runtime.consoleAPICalled') this.incidents.push('console');
    if (method === 'Runtime.exceptionThrown') this.incidents.push('exception');
  }
}

/** Whether a folder could be removed; a helper that ends late may still write into it. */
function removed(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
