// The same Swin backbone, on the same numbers, by TensorFlow.js's wasm backend, by GLID on its own, and by ONNX Runtime.
// npx tsx --conditions=@glid/source benchmarks/backends.ts [--rounds 2] [--size tiny] [--side 224] [--threads 2] [--no-training]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { swinPresets } from '../packages/core/src/encoder/index.ts';
import { openVariant, type VariantName, variantNames } from './swin/variants.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    size: { type: 'string', default: 'tiny' },
    side: { type: 'string', default: '224' },
    threads: { type: 'string', default: '2' },
    'no-training': { type: 'boolean', default: false },
    variant: { type: 'string' },
  },
});
const config = swinPresets[options.size as keyof typeof swinPresets];
const side = Number(options.side);

/** Milliseconds on the clock, and of processor time over all threads, which other work on the machine does not stretch. */
interface Time {
  readonly wall: number;
  readonly cpu: number;
}

/** What one process measured, and values to compare. */
interface Sample {
  readonly variant: VariantName;
  readonly description: string;
  readonly forward: Time[];
  readonly step: Time[];
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
  const timed = async <T>(run: () => Promise<T>, warm: number, count: number): Promise<[T, Time[]]> => {
    for (let i = 0; i < warm; i++) await run();
    const times: Time[] = [];
    for (;;) {
      const [start, used] = [performance.now(), process.cpuUsage()];
      const result = await run();
      const wall = performance.now() - start;
      const { user, system } = process.cpuUsage(used);
      times.push({ wall, cpu: (user + system) / 1000 });
      if (times.length === count) return [result, times];
    }
  };
  const [maps, forward] = await timed(() => variant.forward(), slow ? 1 : 3, slow ? 5 : 15);
  let step: Time[] = [];
  let gradients: Record<string, Float32Array> = {};
  if (variant.step !== undefined && !options['no-training']) {
    [gradients, step] = await timed(variant.step, slow ? 0 : 2, slow ? 1 : 7);
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

/** Node 20 has relaxed SIMD behind a flag; later versions have it, and run `glid-wasm` with it too. */
function engineFlags(name: VariantName): string[] {
  const behindFlag = Number.parseInt(process.versions.node, 10) < 22;
  return name === 'glid-wasm-relaxed' && behindFlag ? ['--experimental-wasm-relaxed-simd'] : [];
}

function inOwnProcess(name: VariantName): Sample {
  const arguments_ = process.argv.slice(2).filter((_, i, all) => !(all[i] === '--rounds' || all[i - 1] === '--rounds'));
  const out = execFileSync(
    process.execPath,
    [...process.execArgv, ...engineFlags(name), fileURLToPath(import.meta.url), ...arguments_, '--variant', name],
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
  const [loadBefore] = loadavg() as [number, number, number];
  const samples = new Map<VariantName, Sample[]>(variantNames.map((name) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const name of variantNames) {
      const sample = inOwnProcess(name);
      samples.get(name)!.push(sample);
      const shown = (times: readonly Time[]): string =>
        times.length === 0
          ? '-'
          : `${median(times.map((t) => t.wall)).toFixed(0)} (cpu ${median(times.map((t) => t.cpu)).toFixed(0)})`;
      console.error(`${round} ${name}: forward ${shown(sample.forward)} ms, step ${shown(sample.step)} ms`);
    }
    // After each round, so that a run that is stopped leaves what it has.
    const text = `${JSON.stringify(summary(samples, round + 1, loadBefore), null, 2)}\n`;
    writeFileSync(new URL('./results/backends.json', import.meta.url), text);
    if (round === Number(options.rounds) - 1) console.log(text);
  }
}

/** Medians and ratios of everything measured so far. */
function summary(samples: ReadonlyMap<VariantName, readonly Sample[]>, rounds: number, loadBefore: number): object {
  const times = (name: VariantName, what: 'forward' | 'step'): Time => {
    const all = samples.get(name)!.flatMap((s) => s[what]);
    return { wall: median(all.map((t) => t.wall)), cpu: median(all.map((t) => t.cpu)) };
  };
  const reference = samples.get('stock-careful')![0]!;
  const training = reference.step.length > 0;
  const rounded = ({ wall, cpu }: Time): Time => ({ wall: Number(wall.toFixed(1)), cpu: Number(cpu.toFixed(1)) });
  const ratios = (what: 'forward' | 'step', to: VariantName): Record<string, Time> =>
    Object.fromEntries(
      variantNames
        .filter((name) => samples.get(name)![0]![what].length > 0)
        .map((name) => {
          const [a, b] = [times(name, what), times(to, what)];
          return [name, { wall: Number((a.wall / b.wall).toFixed(2)), cpu: Number((a.cpu / b.cpu).toFixed(2)) }];
        }),
    );
  return {
    what: `Swin ${options.size}, ${side} x ${side}, batch 1, float32, ${options.threads} threads for ONNX Runtime's products; a step is forward and backward`,
    how: `${rounds} round(s) of one process a variant in turn; medians after warm-up (stock: one forward, no step), in milliseconds; wall is the clock, cpu the processor time of all threads`,
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      loadBefore: Number(loadBefore.toFixed(1)),
    },
    variants: Object.fromEntries(
      variantNames.map((name) => {
        const [first] = samples.get(name)!;
        return [
          name,
          {
            description: first!.description,
            forward: rounded(times(name, 'forward')),
            ...(first!.step.length > 0 && { step: rounded(times(name, 'step')) }),
            ...(first!.kernels !== undefined && { kernels: first!.kernels }),
            relativeDifferenceToStockCareful: differences(first!, reference),
          },
        ];
      }),
    ),
    forwardOver: {
      'glid-native': ratios('forward', 'glid-native'),
      'glid-wasm': ratios('forward', 'glid-wasm'),
      'glid-wasm-relaxed': ratios('forward', 'glid-wasm-relaxed'),
      onnxruntime: ratios('forward', 'onnxruntime'),
    },
    ...(training && {
      stepOver: { 'glid-native': ratios('step', 'glid-native'), 'glid-wasm': ratios('step', 'glid-wasm') },
    }),
  };
}

if (options.variant === undefined) main();
else console.log(`\n${JSON.stringify(await measure(options.variant as VariantName))}`);
