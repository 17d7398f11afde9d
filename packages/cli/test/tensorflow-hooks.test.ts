import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { load, resolve } from '../src/startup/tensorflow-hooks.ts';

const require = createRequire(import.meta.url);
const nextResolve = (url: string) => ({ url });
const nextLoad = (url: string) => ({ from: url });
const imported = { conditions: ['node', 'import'] };

describe.each(['core', 'backend-wasm', 'backend-cpu'])('@tensorflow/tfjs-%s behind an ES module', (part) => {
  const path = realpathSync(require.resolve(`@tensorflow/tfjs-${part}`));
  const { url } = resolve(pathToFileURL(path).href, imported, nextResolve) as { url: string };
  const { source, format } = load(url, {}, nextLoad) as { source: string; format: string };

  it('exports what the build itself exports', () => {
    const names = /export const \{ (.+) \} = build;/.exec(source)?.[1]?.split(', ');
    expect(format).toBe('module');
    expect(names?.sort()).toEqual(Object.keys(require(path) as object).sort());
  });

  it('gives the very objects that require gives', async () => {
    const facade = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: object };
    expect(facade.default).toBe(require(path));
  });

  it('leaves the build alone where it is required', () => {
    expect(resolve(pathToFileURL(path).href, { conditions: ['node', 'require'] }, nextResolve)).toEqual({
      url: pathToFileURL(path).href,
    });
  });
});

it('waits for a loader that answers later', async () => {
  const url = 'file:///project/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js';
  const found = await resolve(url, imported, (name) => Promise.resolve({ url: name }));
  expect(found.url).toBe(`${url}?imported`);
});

it('passes everything else on', () => {
  const url = 'file:///project/node_modules/other/dist/index.js';
  expect(resolve(url, imported, nextResolve)).toEqual({ url });
  expect(load(url, {}, nextLoad)).toEqual({ from: url });
});
