// Packs what a machine with an NVIDIA GPU needs, which has no Node and no network, into one archive; `run.sh` in it does everything.
// npx tsx --conditions=@glid/source packages/backend-cuda/gpu/pack.ts [--size small] [--out glid-gpu.tar.xz]
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import '@glid/ops/gradients';
import { bundleSpecs } from '../test/conformance/bundle-specs.ts';
import { computeNumbers, parityModel, writeNumbers } from './app/reference.ts';
import { sizes } from './app/workload.ts';
import { copyModules } from './pack/copy-modules.ts';

const mebibyte = 2 ** 20;
const mostMebibytes = 60;
const torchFiles = ['glid_torch.py', 'glid_torch_model.py'];
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const { values: options } = parseArgs({
  options: { size: { type: 'string', default: 'full' }, out: { type: 'string', default: 'glid-gpu.tar.xz' } },
});
const size = sizes[options.size as keyof typeof sizes];
if (size === undefined) throw new Error(`There is no size '${options.size}': ${Object.keys(sizes).join(', ')}.`);

/** The steps with the sources of `@glid/*`, in one file. */
async function bundleApp(outfile: string): Promise<void> {
  await build({
    entryPoints: [here('app/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    keepNames: true,
    mainFields: ['module', 'main'],
    conditions: ['@glid/source'],
    external: ['koffi', 'webgpu', 'sharp', 'onnxruntime-node'],
    // Modules in the old format ask for `require`.
    banner: {
      js: "import { createRequire as glidRequire } from 'node:module'; const require = glidRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
}

const folder = await mkdtemp(join(tmpdir(), 'glid-gpu-'));
try {
  await mkdir(join(folder, 'bin'));
  execFileSync('strip', ['-o', join(folder, 'bin/node'), process.execPath]);
  await bundleApp(join(folder, 'app.mjs'));
  await bundleSpecs(join(folder, 'specs.cjs'));
  await copyModules(folder);
  await copyFile(here('../test/conformance/known-failures.json'), join(folder, 'known-failures.json'));
  for (const name of torchFiles) await copyFile(here(`torch/${name}`), join(folder, name));
  await copyFile(here('run.sh'), join(folder, 'run.sh'));
  // What the GPU's numbers are compared with comes from another backend, here and now.
  await wasm({ nativeGemm: 'off' }).create();
  if (!(await setBackend('wasm'))) throw new Error('the wasm backend does not start');
  writeNumbers(folder, await computeNumbers(await parityModel(size.parity), size.parity));
  await writeFile(join(folder, 'pack.json'), JSON.stringify({ size: size.name, date: new Date().toISOString() }));
  const archive = resolve(options.out);
  const level = size.name === 'small' ? '-0' : '-6';
  execFileSync('tar', ['-C', folder, '-c', '-f', archive, '-I', `xz -T0 ${level}`, '.']);
  const megabytes = (await stat(archive)).size / mebibyte;
  console.log(`${archive}: ${megabytes.toFixed(1)} MiB`);
  if (size.name === 'full' && megabytes > mostMebibytes) throw new Error(`More than ${mostMebibytes} MiB.`);
} finally {
  await rm(folder, { recursive: true });
}
