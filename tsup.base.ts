import type { Options } from 'tsup';

/** The build of every published package: ESM only, declarations beside, `#imports` left for the user's resolver. */
export function packageBuild(entry: string[] | Record<string, string>, more: Options = {}): Options {
  return {
    entry,
    format: ['esm'],
    target: 'es2022',
    dts: { compilerOptions: { customConditions: [] } },
    sourcemap: true,
    splitting: true,
    clean: true,
    external: [/^#/],
    ...more,
  };
}
