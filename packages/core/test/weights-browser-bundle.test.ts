import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it.each(['weights', 'image'])(
  '%s bundles for the browser without Node modules, native packages or warnings',
  async (part) => {
    const entry = fileURLToPath(new URL(`../src/${part}/index.ts`, import.meta.url));
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@glid/source'],
      external: ['@tensorflow/*'],
      logLevel: 'silent',
    });
    expect([...result.warnings, ...result.errors]).toEqual([]);
    const imports = Object.values(result.metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
    expect(imports.filter((path) => path !== '@tensorflow/tfjs-core')).toEqual([]);
    const inputs = Object.keys(result.metafile.inputs);
    expect(inputs.filter((path) => path.includes('node_modules/'))).toEqual([]);
  },
);
