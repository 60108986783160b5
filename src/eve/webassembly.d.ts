/** The part of WebAssembly's own interface that is used here; types for Node alone do not have it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports?: object);
    readonly exports: Readonly<Record<string, unknown>>;
  }

  function validate(bytes: Uint8Array): boolean;
}
