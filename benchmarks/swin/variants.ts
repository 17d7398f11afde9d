import { createRequire } from 'node:module';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import {
  addN,
  enableProdMode,
  engine,
  mean,
  setBackend,
  square,
  tensor,
  tidy,
  variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { encode, type SwinConfig } from '../../packages/core/src/encoder/index.ts';
import { registerNaiveKernels } from './naive-kernels.ts';
import { onnxSwin } from './onnx-swin.ts';
import { pictureValues, swinValues } from './parameters.ts';
import { plainSwin } from './plain-swin.ts';

export const variantNames = [
  'stock-textbook',
  'stock-careful',
  'glid-wasm',
  'glid-wasm-relaxed',
  'glid-native',
  'onnxruntime',
] as const;
export type VariantName = (typeof variantNames)[number];

/** One way of running the same backbone on the same numbers. */
export interface Variant {
  readonly description: string;
  /** Runs a forward pass to the end and returns the four maps' values. */
  forward(): Promise<Float32Array[]>;
  /** Forward, loss = sum over maps of the mean square, gradients of all parameters; returns those of a few. */
  step?: () => Promise<Record<string, Float32Array>>;
  readonly kernels?: () => number;
}

/** Gradients that are compared between variants: the first and last layers, a position table, a norm. */
const compared = [
  'encoder.patchEmbed.kernel',
  'encoder.stages.0.blocks.1.attention.relativePositionTable',
  'encoder.stages.1.blocks.0.norm1.gamma',
  'encoder.stages.2.blocks.3.attention.qkv.kernel',
  'encoder.stages.3.blocks.1.mlp.fc2.bias',
];

export async function openVariant(
  name: VariantName,
  config: SwinConfig,
  side: number,
  threads: number,
): Promise<Variant> {
  enableProdMode();
  if (name === 'onnxruntime') return openOnnx(config, side, threads);
  await import('@glid/ops/gradients');
  let description: string;
  if (name.startsWith('stock')) {
    const { version_wasm } = await import('@tensorflow/tfjs-backend-wasm');
    await registerNaiveKernels();
    description = `tfjs-backend-wasm ${version_wasm} as published, plain operations`;
  } else {
    const { wasm } = await import('@glid/backend-wasm');
    const nativeGemm = name === 'glid-native' ? 'auto' : 'off';
    const backend = await wasm({ nativeGemm, nativeThreads: threads }).create();
    if (nativeGemm === 'auto' && !('version' in backend.nativeGemm)) throw new Error(backend.nativeGemm.reason);
    ({ description } = backend);
  }
  if (!(await setBackend('wasm'))) throw new Error('the wasm backend could not be set');
  const style = name === 'stock-textbook' ? 'textbook' : 'careful';
  const values = swinValues(config);
  const parameters = Object.fromEntries(
    [...values].map(([key, { shape, values: data }]) => [key, variable(tensor(data, [...shape]), true, key)]),
  );
  const images = tensor(pictureValues(side), [1, side, side, 3]) as Tensor4D;
  const run = (): readonly Tensor4D[] =>
    name.startsWith('stock') ? plainSwin(parameters, config, images, style) : encode(parameters, config, images);
  return {
    description,
    async forward() {
      const maps = tidy(() => [...run()]);
      return readAll(maps);
    },
    async step() {
      const { value, grads } = tidy(() => variableGrads(() => addN(run().map((map) => mean(square(map)))) as Scalar));
      const wanted: Record<string, Float32Array> = {};
      for (const key of compared) wanted[key] = (await grads[key]!.data()) as Float32Array;
      for (const t of [value, ...Object.values(grads)]) t.dispose();
      return wanted;
    },
    kernels: () => countKernels(() => tidy(() => [...run()])),
  };
}

async function readAll(tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const out: Float32Array[] = [];
  for (const t of tensors) {
    out.push((await t.data()) as Float32Array);
    t.dispose();
  }
  return out;
}

/** Kernels that TensorFlow.js's engine runs; reshapes and copies of references included. */
function countKernels(run: () => Tensor[]): number {
  const { state } = engine();
  const kernels: unknown[] = [];
  state.profiling = true;
  state.activeProfile = {
    newBytes: 0,
    newTensors: 0,
    peakBytes: 0,
    kernels: kernels as never[],
    result: [],
    kernelNames: [],
  };
  try {
    for (const t of run()) t.dispose();
  } finally {
    state.profiling = false;
  }
  return kernels.length;
}

interface OrtModule {
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, { data: Float32Array }>>; outputNames: string[] }>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => object;
}

async function openOnnx(config: SwinConfig, side: number, threads: number): Promise<Variant> {
  const require = createRequire(import.meta.url);
  const ort = require('onnxruntime-node') as OrtModule;
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  const session = await ort.InferenceSession.create(onnxSwin(swinValues(config), config, side), {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const images = new ort.Tensor('float32', pictureValues(side), [1, side, side, 3]);
  return {
    description: `onnxruntime-node ${version}, cpu, ${threads} threads, all graph optimisations`,
    async forward() {
      const maps = await session.run({ images });
      return session.outputNames.map((name) => maps[name]!.data);
    },
  };
}
