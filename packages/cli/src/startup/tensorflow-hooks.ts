import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Resolved {
  readonly url: string;
}

interface Loaded {
  readonly format: string;
  readonly source: string;
  readonly shortCircuit: true;
}

type Next<Context, Result> = (name: string, context: Context) => Result | Promise<Result>;

const builds = /\/node_modules\/@tensorflow\/tfjs-[a-z-]+\/dist\/[a-z-]+\.node\.js$/;
/** Sets the ES module in front of a build apart from the build itself. */
const mark = '?imported';

/*
 * Hooks of Node's module loader. `import` of a CommonJS file parses it three times over: for its format, for the names of its exports,
 * and to run it; `require` only runs it. So each of TensorFlow.js's large CommonJS builds gets a small ES module in front of it that
 * requires it; the objects that a program gets are the same either way. They serve as synchronous hooks and in a thread of their own.
 */

export function resolve<Context extends { readonly conditions?: readonly string[] }, Result extends Resolved>(
  name: string,
  context: Context,
  next: Next<Context, Result>,
): Result | Promise<Result> {
  const marked = (found: Result): Result =>
    context.conditions?.includes('import') && builds.test(found.url) ? { ...found, url: found.url + mark } : found;
  const found = next(name, context);
  return found instanceof Promise ? found.then(marked) : marked(found);
}

export function load<Context, Result>(
  url: string,
  context: Context,
  next: Next<Context, Result>,
): Result | Promise<Result> | Loaded {
  const build = url.endsWith(mark) ? url.slice(0, -mark.length) : '';
  if (!builds.test(build)) return next(url, context);
  const path = fileURLToPath(build);
  const source = `import { createRequire } from 'node:module';
const build = createRequire(${JSON.stringify(build)})(${JSON.stringify(path)});
export default build;
export const { ${exportedNames(readFileSync(path, 'utf8')).join(', ')} } = build;
`;
  return { format: 'module', source, shortCircuit: true };
}

/** What a bundle of rollup exports: lines like `exports.add = add;`. */
function exportedNames(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/^exports\.([A-Za-z_$][\w$]*) = /gm), ([, name]) => name!))];
}
