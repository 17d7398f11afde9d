/** The built-in modules of Node that are used here. */
export interface NodeModules {
  readonly fs: typeof import('node:fs/promises');
  readonly path: typeof import('node:path');
  readonly os: typeof import('node:os');
  readonly process: NodeJS.Process;
}

/**
 * Node's built-in modules, or null in browsers and workers. They come from the running process, not from an import, so that bundlers for
 * the browser see nothing to resolve.
 */
export function nodeModules(): NodeModules | null {
  const process = (globalThis as { process?: NodeJS.Process }).process;
  if (!process?.versions?.node || typeof process.getBuiltinModule !== 'function') return null;
  const load = process.getBuiltinModule;
  return { fs: load('node:fs/promises'), path: load('node:path'), os: load('node:os'), process };
}
