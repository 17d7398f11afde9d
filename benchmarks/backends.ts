// The same Swin backbone, on the same numbers, by TensorFlow.js's wasm backend, by GLID on its own, and by ONNX Runtime.
// npx tsx --conditions=@glid/source benchmarks/backends.ts [--rounds 3] [--size tiny] [--side 224] [--threads 2] [--no-training]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { swinPresets } from '../packages/core/src/encoder/index.ts';
import { openVariant, type VariantName, variantNames } from './swin/variants.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    size: { type: 'string', default: 'tiny' },
    side: { type: 'string', default: '224' },
    threads: { type: 'string', default: '2' },
    'no-training': { type: 'boolean', default: false },
    variant: { type: 'string' },
  },
});
const config = swinPresets[options.size as keyof typeof swinPresets];
const side = Number(options.side);

/** What one process measured: every time in milliseconds, and values to compare. */
interface Sample {
  readonly variant: VariantName;
  readonly description: string;
  readonly forward: number[];
  readonly step: number[];
  readonly kernels?: number;
  readonly maps: number[][];
  readonly gradients: Record<string, number[]>;
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
/** A few values spread over an array. */
const pick = (values: Float32Array): number[] =>
  Array.from(
    { length: Math.min(64, values.length) },
    (_, i) => values[Math.floor((i * values.length) / Math.min(64, values.length))]!,
  );

async function measure(name: VariantName): Promise<Sample> {
  const variant = await openVariant(name, config, side, Number(options.threads));
  const slow = name.startsWith('stock');
  const timed = async <T>(run: () => Promise<T>, warm: number, count: number): Promise<[T, number[]]> => {
    let result = await run();
    for (let i = 1; i < warm; i++) result = await run();
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const start = performance.now();
      result = await run();
      times.push(performance.now() - start);
    }
    return [result, times];
  };
  const [maps, forward] = await timed(() => variant.forward(), slow ? 1 : 3, slow ? 5 : 15);
  let step: number[] = [];
  let gradients: Record<string, Float32Array> = {};
  if (variant.step !== undefined && !options['no-training']) {
    [gradients, step] = await timed(variant.step, slow ? 1 : 2, slow ? 1 : 7);
  }
  return {
    variant: name,
    description: variant.description,
    forward,
    step,
    ...(variant.kernels && { kernels: variant.kernels() }),
    maps: maps.map(pick),
    gradients: Object.fromEntries(Object.entries(gradients).map(([key, value]) => [key, pick(value)])),
  };
}

function inOwnProcess(name: VariantName): Sample {
  const arguments_ = process.argv.slice(2).filter((_, i, all) => !(all[i] === '--rounds' || all[i - 1] === '--rounds'));
  const out = execFileSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), ...arguments_, '--variant', name],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  return JSON.parse(out.slice(out.lastIndexOf('\n{') + 1)) as Sample;
}

function worst(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / scale;
}

/** Largest differences against another sample, relative to the largest value of the map or gradient. */
function differences(sample: Sample, reference: Sample): { forward: number; gradients?: number } {
  const forward = Math.max(...sample.maps.map((map, i) => worst(map, reference.maps[i]!)));
  const shared = Object.keys(sample.gradients).filter((key) => reference.gradients[key] !== undefined);
  if (shared.length === 0) return { forward };
  return {
    forward,
    gradients: Math.max(...shared.map((key) => worst(sample.gradients[key]!, reference.gradients[key]!))),
  };
}

function main(): void {
  const samples = new Map<VariantName, Sample[]>(variantNames.map((name) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const name of variantNames) {
      const sample = inOwnProcess(name);
      samples.get(name)!.push(sample);
      console.error(
        `${round} ${name}: forward ${median(sample.forward).toFixed(0)} ms, step ${sample.step.length > 0 ? median(sample.step).toFixed(0) : '-'} ms`,
      );
    }
  }
  const times = (name: VariantName, what: 'forward' | 'step'): number =>
    median(samples.get(name)!.flatMap((s) => s[what]));
  const reference = samples.get('stock-careful')![0]!;
  const ratio = (a: number, b: number): number => Number((a / b).toFixed(2));
  const training = reference.step.length > 0;
  const result = {
    what: `Swin ${options.size}, ${side} x ${side}, batch 1, float32; ${options.rounds} rounds of one process a variant; medians of all runs after warm-up, milliseconds`,
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    variants: Object.fromEntries(
      variantNames.map((name) => {
        const [first] = samples.get(name)!;
        return [
          name,
          {
            description: first!.description,
            forwardMs: Number(times(name, 'forward').toFixed(1)),
            ...(first!.step.length > 0 && { stepMs: Number(times(name, 'step').toFixed(1)) }),
            ...(first!.kernels !== undefined && { kernels: first!.kernels }),
            relativeDifferenceToStockCareful: differences(first!, reference),
          },
        ];
      }),
    ),
    ratios: {
      forwardOverGlidNative: Object.fromEntries(
        variantNames.map((name) => [name, ratio(times(name, 'forward'), times('glid-native', 'forward'))]),
      ),
      forwardOverGlidWasm: Object.fromEntries(
        variantNames.map((name) => [name, ratio(times(name, 'forward'), times('glid-wasm', 'forward'))]),
      ),
      glidOverOnnxruntime: {
        'glid-wasm': ratio(times('glid-wasm', 'forward'), times('onnxruntime', 'forward')),
        'glid-native': ratio(times('glid-native', 'forward'), times('onnxruntime', 'forward')),
      },
      ...(training && {
        stepOverGlidNative: Object.fromEntries(
          variantNames.slice(0, 4).map((name) => [name, ratio(times(name, 'step'), times('glid-native', 'step'))]),
        ),
        stepOverGlidWasm: Object.fromEntries(
          variantNames.slice(0, 4).map((name) => [name, ratio(times(name, 'step'), times('glid-wasm', 'step'))]),
        ),
      }),
    },
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  console.log(text);
  writeFileSync(new URL('./results/backends.json', import.meta.url), text);
}

if (options.variant === undefined) main();
else console.log(`\n${JSON.stringify(await measure(options.variant as VariantName))}`);
