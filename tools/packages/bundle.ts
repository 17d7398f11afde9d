import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export interface Bundle {
  /** Modules that ended up in the bundle with at least one byte. */
  readonly inputs: readonly string[];
  readonly gzipBytes: number;
}

/** Bundles a page's code as a browser build would, or a program's as Node would. `external` packages are left out of the size. */
export async function bundle(
  code: string,
  folder: string,
  external: readonly string[] = [],
  platform: 'browser' | 'node' = 'browser',
): Promise<Bundle> {
  const result = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform,
    target: 'es2022',
    write: false,
    metafile: true,
    external: [...external],
    logLevel: 'silent',
    outdir: 'out',
    splitting: true,
  });
  const entry = Object.values(result.metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  return {
    inputs: entry.map(([path]) => path),
    gzipBytes: result.outputFiles.reduce((sum, file) => sum + gzipSync(file.contents).byteLength, 0),
  };
}

/** Modules of a bundle that match what the page did not ask for. */
export function unwanted(bundle: Bundle, patterns: readonly RegExp[]): string[] {
  return bundle.inputs.filter((path) => patterns.some((pattern) => pattern.test(path)));
}
