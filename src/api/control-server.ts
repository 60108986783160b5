import { chmodSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { UnavailableError } from '../core/errors.ts';
import { type Access, createControlApp } from './control-app.ts';
import type { ControlDependencies } from './control-dependencies.ts';
import { clearSocketPath } from './socket-file.ts';

/** Where the API is served. */
export interface ControlServerOptions {
  /** Path of the unix socket; made with mode 0660. */
  readonly socket: string;
  /** TCP as well: /metrics, /healthz and /readyz; with a token, everything to whoever carries it. */
  readonly http?: { readonly host: string; readonly port: number; readonly token?: string };
}

/** Owner and group: who is in guardian's group may ask and tell. */
const SOCKET_MODE = 0o660;
/** Requests under way get this long at the end. */
const DRAIN_MS = 1500;

/** The control API on its unix socket and, where configured, on TCP. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #dependencies: ControlDependencies;
  #apps: readonly FastifyInstance[] = [];
  #httpPort: number | undefined;

  constructor(options: ControlServerOptions, dependencies: ControlDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** The TCP port in use, where there is one; differs from the configured one only for port 0. */
  get httpPort(): number | undefined {
    return this.#httpPort;
  }

  /** @throws OperatorError when the socket is somebody else's, UnavailableError when it cannot be bound. */
  async start(): Promise<void> {
    const { socket, http } = this.#options;
    await clearSocketPath(socket);
    try {
      await this.#listen({ kind: 'everything' }, socket, { path: socket });
      chmodSync(socket, SOCKET_MODE);
      if (http === undefined) return;
      const access: Access = http.token === undefined ? { kind: 'operations' } : { kind: 'token', token: http.token };
      const app = await this.#listen(access, `${http.host}:${http.port}`, { host: http.host, port: http.port });
      const address = app.server.address();
      this.#httpPort = typeof address === 'object' ? address?.port : undefined;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes no more requests, lets those under way end within 1.5 s, then closes every connection. */
  async stop(): Promise<void> {
    const apps = this.#apps;
    this.#apps = [];
    const force = setTimeout(() => {
      for (const app of apps) app.server.closeAllConnections();
    }, DRAIN_MS);
    await Promise.all(apps.map((app) => app.close()));
    clearTimeout(force);
  }

  async #listen(
    access: Access,
    where: string,
    options: { readonly path: string } | { readonly host: string; readonly port: number },
  ): Promise<FastifyInstance> {
    const app = createControlApp(this.#dependencies, access);
    this.#apps = [...this.#apps, app];
    try {
      await app.listen(options);
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      const hint = 'Check api.socket and api.http in the config, and whether another process listens there.';
      throw new UnavailableError(`Cannot listen on "${where}": ${code}`, { cause, hint });
    }
    return app;
  }
}
