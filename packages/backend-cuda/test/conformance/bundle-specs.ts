import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const core = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json'));
const entry = fileURLToPath(new URL('./environment.ts', import.meta.url));

/** The specs of TensorFlow.js about operations, gradients, variables and backends, in a fixed order. */
function specFiles(): string[] {
  const ofFolder = (folder: string): string[] =>
    readdirSync(join(core, 'dist', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('_test.js'))
      .map((file) => join(folder, file));
  const others = ['gradients_test.js', 'variable_test.js', 'engine_test.js', 'backends/backend_test.js'];
  return [...ofFolder('ops'), ...ofFolder('optimizers'), ...others].sort();
}

/** One script of the installed specs, the CUDA backend and what runs them. `koffi` stays outside. */
export async function bundleSpecs(outfile: string): Promise<void> {
  const imports = specFiles().map((file) => `require(${JSON.stringify(join(core, 'dist', file))});`);
  await build({
    stdin: {
      contents: `const { runSpecs } = require(${JSON.stringify(entry)});\n${imports.join('\n')}\nrunSpecs();\n`,
      resolveDir: dirname(entry),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    // One copy of the core, the one that the specs import by relative paths.
    mainFields: ['module', 'main'],
    conditions: ['@glid/source'],
    external: ['koffi', 'node-fetch', 'util'],
    // The core's list of side effects does not name its specs.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
}
