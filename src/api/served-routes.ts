/** Which methods each path takes, so that a wrong method can be told from a wrong path. */
export class ServedRoutes {
  readonly #methods = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  /** Notes a route as it is registered: `GET`, `/v1/verdicts/:observable`. */
  note(method: string | readonly string[], url: string): void {
    const known = this.#methods.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const one of typeof method === 'string' ? [method] : method) known.methods.add(one);
    this.#methods.set(url, known);
  }

  /** The methods that the path of a request's URL takes; empty where nothing is served. */
  methodsOf(requestUrl: string): readonly string[] {
    const path = requestUrl.split('?', 1)[0] ?? '';
    const found = [...this.#methods.values()].find(({ pattern }) => pattern.test(path));
    return found === undefined ? [] : [...found.methods].sort();
  }
}

function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replace(/[.*+?^$()[\]{}|\\]/g, '\\$&').replace(/:[a-z]+/g, '[^/]+')}$`);
}
