import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { load, resolve } from './tensorflow-hooks.ts';

/** What newer releases of Node have beside `register`. */
interface NewerNode {
  /** From 22.15: hooks in the thread of the program. */
  registerHooks?(hooks: { resolve: typeof resolve; load: typeof load }): void;
  /** From 22.1: compiled code is kept between runs, in the system's folder for temporary files. */
  enableCompileCache?(): void;
}

/**
 * Makes imports quicker from here on, of TensorFlow.js above all.
 * @param hooks the built `tensorflow-hooks.js`; older releases of Node that do not find it import as ever
 */
export function quickImports(hooks: URL): void {
  const { registerHooks, enableCompileCache } = modules as NewerNode;
  enableCompileCache?.();
  if (registerHooks) registerHooks({ resolve, load });
  else if (existsSync(hooks)) modules.register(hooks);
}
