// Writes docs/performance.md out of benchmarks/results/*.json: no figure stands there that a benchmark did not write.
// npx tsx --conditions=@glid/source tools/performance.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Time {
  readonly wall: number;
  readonly cpu: number;
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly loadBefore: number;
}

interface Backends {
  readonly what: string;
  readonly date: string;
  readonly machine: Machine;
  readonly variants: Readonly<
    Record<string, { readonly description: string; readonly forward: Time; readonly step?: Time; kernels?: number }>
  >;
  readonly forwardOver: Readonly<Record<string, Readonly<Record<string, Time>>>>;
  readonly stepOver: Readonly<Record<string, Readonly<Record<string, Time>>>>;
}

interface WebGpu {
  readonly what: string;
  readonly date: string;
  readonly machine: Machine;
  readonly adapter: string;
  readonly variants: Readonly<
    Record<
      string,
      { readonly dispatches: number; readonly milliseconds: Readonly<Record<string, number>> & { warmUp?: number } }
    >
  >;
}

interface Network extends Readonly<Record<'glid' | 'plain', Figures>> {
  readonly failed?: string;
  readonly parameters: number;
  readonly processor: string;
  readonly runs: number;
  readonly loadBefore: number;
}

interface Figures {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly launches: number;
  readonly peakMiB: number;
}

interface Model {
  readonly machine: { readonly threads: number; readonly node: string };
  readonly networks: Readonly<Record<string, Network>>;
  readonly masking: Readonly<
    Record<string, Readonly<Record<'unmasked' | 'visibleOnly', Figures>> & { readonly speedUp: number }>
  >;
}

interface SoakPart {
  readonly count: number;
  readonly done?: number;
  readonly seconds: number;
  readonly flat: boolean;
  readonly readings: readonly { readonly tensors: number; readonly deviceBytes: number; readonly processMiB: number }[];
}

interface Soak {
  readonly what: string;
  readonly date: string;
  readonly machine: Machine;
  readonly backend: string;
  readonly predictions?: SoakPart;
  readonly steps?: SoakPart;
}

interface Heads {
  readonly what: string;
  readonly date: string;
  readonly machine: Machine;
  readonly backend: string;
  readonly heads: Readonly<Record<string, HeadShares>>;
}

interface HeadShares {
  readonly prediction: number;
  readonly postprocessing: number;
  readonly postprocessingShare: number;
  readonly step?: number;
  readonly matching?: number;
  readonly matchingShare?: number;
  readonly assignmentShare?: number;
}

interface Predict {
  readonly what: string;
  readonly memory: {
    readonly date: string;
    readonly machine: Machine;
    readonly predicted: number;
    readonly residentMiB: Readonly<Record<string, number>>;
  };
  readonly overlap: {
    readonly date: string;
    readonly machine: Machine;
    readonly rounds: number;
    readonly together: number;
    readonly oneByOne: number;
    readonly oneByOneOverTogether: number;
  };
}

type Verdict = { readonly hash: string; readonly twiceTheSame: boolean; readonly killedTwiceAndResumed: boolean };

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const on = ({ cpu, cores, node, loadBefore }: Machine, date: string): string =>
  `${date}, ${cpu}, ${cores} cores, Node ${node.slice(1)}${loadBefore === undefined ? '' : `, load average before: ${loadBefore}`}.`;

function backends({ what, date, machine, variants, forwardOver, stepOver }: Backends): string {
  const over = (ratios: Readonly<Record<string, Time>>, name: string): string => ratios[name]?.cpu.toFixed(2) ?? '-';
  const rows = Object.entries(variants).map(([name, v]) => [
    `\`${name}\`: ${v.description}`,
    v.kernels ?? '-',
    ...[v.forward.wall, v.forward.cpu, v.step?.cpu ?? '-'],
    over(forwardOver['glid-native']!, name),
    over(forwardOver['glid-wasm']!, name),
    over(stepOver['glid-wasm']!, name),
  ]);
  return `## One backbone on WebAssembly

${what}. \`benchmarks/backends.ts\`, ${on(machine, date)} Medians, milliseconds. The last columns are ratios of processor time over all
threads: how many times more than GLID with products by onnxruntime-node, and than GLID with products in WebAssembly.

${table(['variant', 'kernels', 'forward, clock', 'forward, processor', 'step, processor', 'forward / native', 'forward / wasm', 'step / wasm'], rows)}
`;
}

function webgpu({ what, date, machine, adapter, variants }: WebGpu): string {
  const rows = Object.entries(variants).map(([name, { dispatches, milliseconds: ms }]) => [
    name,
    dispatches,
    ...[ms.issue!, ms.forward!, ms.first!, ms.warmUp ?? '-'],
  ]);
  return `${what}. ${adapter}. ${on(machine, date)}

${table(['variant', 'dispatches', 'issue', 'forward', 'first forward', 'warm-up'], rows)}
`;
}

function model({ machine, networks, masking }: Model): string {
  const rows = Object.entries(networks).map(([name, n]) =>
    n.failed === undefined
      ? [
          name,
          (n.parameters / 1e6).toFixed(1),
          n.runs,
          `${n.processor.replace('(R)', '').split(' ').slice(0, 2).join(' ')}, ${n.loadBefore}`,
          ...[n.glid.wallMs, n.glid.cpuMs, n.plain.cpuMs, n.glid.launches, n.plain.launches],
          ...[n.glid.peakMiB, n.plain.peakMiB],
        ]
      : [name, `failed: ${n.failed}`, ...new Array<string>(9).fill('')],
  );
  const head = ['network', 'M parameters', 'runs', 'machine, load', 'clock', 'processor', 'plain, processor'];
  const masks = Object.entries(masking).map(([name, m]) => [name, m.unmasked.cpuMs, m.visibleOnly.cpuMs, m.speedUp]);
  return `## The whole network

\`benchmarks/model.ts\`: encoder, neck and decoder with 100 queries, batch 1, forward, with \`@glid/ops\` and written in plain TensorFlow.js
operations, in turn in one process, so that they compare with each other; rows of two machines do not. Medians in milliseconds; peak of tensor memory in MiB,
parameters included. ${machine.threads} threads, Node ${machine.node.slice(1)}. On \`cpu\`, TensorFlow.js's reference in plain JavaScript, a forward takes minutes: it is
run fewer times.

${table([...head, 'launches', 'plain, launches', 'peak', 'plain, peak'], rows)}

Encoder forward and backward at masking ratio 0.75, processor milliseconds: all tokens, and the visible ones only.

${table(['encoder', 'all tokens', 'visible only', 'times less'], masks)}
`;
}

function soak({ what, date, machine, backend, predictions, steps }: Soak): string {
  const part = (name: string, s: SoakPart | undefined): (string | number)[][] => {
    const [first, last] = [s?.readings[0], s?.readings.at(-1)];
    if (!s || !first || !last) return [[name, 'not run', '', '', '', '']];
    const done = s.done ?? s.count;
    return [
      [
        name,
        done === s.count ? done : `${done} of ${s.count}`,
        s.flat ? 'yes' : 'NO',
        ...[`${first.tensors} -> ${last.tensors}`, `${first.deviceBytes} -> ${last.deviceBytes}`],
        `${first.processMiB} -> ${last.processMiB}`,
      ],
    ];
  };
  return `${backend}. ${what.split(';')[0]}. ${on(machine, date)}

${table(['run', 'count', 'flat', 'tensors', 'bytes on the device', 'MiB of the process'], [...part('predictions', predictions), ...part('steps', steps)])}
`;
}

function heads({ what, date, machine, backend, heads }: Heads): string {
  const percent = (share: number | undefined): string => (share === undefined ? '-' : `${(100 * share).toFixed(1)} %`);
  const rows = Object.entries(heads).map(([name, h]) => [
    name,
    ...[h.prediction, h.postprocessing, percent(h.postprocessingShare)],
    ...[h.step ?? '-', h.matching ?? '-', percent(h.matchingShare), percent(h.assignmentShare)],
  ]);
  return `## Post-processing and matching

\`benchmarks/heads.ts\`: ${what}. A prediction is a whole call of \`predict\`. ${backend}. ${on(machine, date)}

${table(['head', 'prediction', 'post-processing', 'share', 'training step', 'matching', 'share', 'with points for the loss'], rows)}

Matching is the matcher: costs of all pairs, and their assignment. The last column has the choice of points for the loss beside it, which masks need.
Instance and panoptic inference exceed a tenth as initialised: a head has no idea which of its 100 masks matter, so that all 100 are made large.
With "10 sure queries" 10 queries a picture are given a class and 90 "no object". What was tried, and what limits them, stands in the
[segmentation head's README](../packages/head-segmentation/README.md).
`;
}

function reproducible(result: Readonly<Record<string, unknown>>): string {
  const verdicts = Object.entries(result).filter(([, v]) => typeof v === 'object' && v !== null && 'hash' in v);
  const yes = (value: boolean): string => (value ? 'the same bits' : 'OTHER BITS');
  const rows = verdicts.map(([name, v]) => {
    const { twiceTheSame, killedTwiceAndResumed } = v as Verdict;
    return [name, yes(twiceTheSame), yes(killedTwiceAndResumed)];
  });
  return `## Reproducible training

\`benchmarks/reproducible.ts\`: ${result.what}. ${on(result.machine as Machine, result.date as string)}

${table(['matrix products by', 'run twice', 'killed twice and resumed'], rows)}
`;
}

function predict({ what, memory, overlap }: Predict): string {
  const names = Object.keys(memory.residentMiB);
  return `## Many pictures at the command line

\`benchmarks/predict.ts\`: \`glid predict\`, ${what}.

MiB of the whole process over ${memory.predicted} pictures: the largest reading in each tenth. ${on(memory.machine, memory.date)}

${table(names, [names.map((name) => memory.residentMiB[name]!)])}

Milliseconds a picture on the clock, with the next pictures decoded and the last one written while the model computes, and one picture after the
other; medians of ${overlap.rounds} rounds in turn. ${on(overlap.machine, overlap.date)}

${table(['as the command does it', 'one after the other', 'times longer'], [[overlap.together, overlap.oneByOne, overlap.oneByOneOverTogether]])}
`;
}

/** The page, as the results in `folder` make it. */
export function performancePage(folder: string): string {
  const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T;
  return `# Performance

Written by \`npx tsx --conditions=@glid/source tools/performance.ts\` out of [benchmarks/results](../benchmarks/results); \`tools/guards\` compares. Run a
benchmark again, then that program, and this page changes.

The machine is shared: where other work ran beside a measurement, the clock says little and processor time more, and both are larger than
on a quiet machine. Ratios are within one run. WebGPU ran on software adapters only, which compute on the processor: there the number of
dispatches and the time to issue them say something, the time of a forward pass little. No figure comes from a GPU.

${backends(read('backends'))}
## WebGPU

\`benchmarks/webgpu.ts\`, milliseconds on the clock. Issue is the time JavaScript takes to record a forward pass.

${webgpu(read('webgpu'))}
${webgpu(read('webgpu-narrow'))}
${model(read('model'))}
${heads(read('heads'))}
${predict(read('predict'))}
## Soak

\`benchmarks/soak.ts\`: first and last of the readings after a tenth as warm-up.

${soak(read('soak-wasm'))}
${soak(read('soak-webgpu'))}
${reproducible(read('reproducible'))}`;
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  const root = join(here, '../..');
  writeFileSync(join(root, 'docs/performance.md'), performancePage(join(root, 'benchmarks/results')));
}
