// Runs the numeric suite on every backend, each in a process of its own, and writes docs/compatibility.md from the results.
// npx tsx --conditions=@glid/source tools/compatibility.ts [--backends cpu,wasm,webgpu,cuda-sim]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '@glid/ops/gradients';
import { type BackendCandidate, glidKernelNames, hasGlidKernel } from '@glid/ops';
import { enableProdMode, env } from '@tensorflow/tfjs-core';
import { simulatedBackend } from '../packages/backend-cuda/test/simulated-backend.ts';
import { cpu, useBackend } from '../packages/core/src/backend/index.ts';
import { checkCase, opCases } from '../packages/ops/test/suite/index.ts';

const { values: options } = parseArgs({
  options: { backends: { type: 'string', default: 'cpu,wasm,webgpu,cuda-sim' }, measure: { type: 'string' } },
});

interface CaseOutcome {
  readonly op: string;
  readonly id: string;
  /** Largest errors as fractions of what is allowed; null: it failed. */
  readonly worst: { readonly forward: number; readonly gradient: number } | null;
  readonly hasGradient: boolean;
  readonly reason?: string;
}

interface Outcome {
  readonly backend: string;
  readonly description: string;
  readonly kernels: readonly string[];
  readonly cases: readonly CaseOutcome[];
}

/** Starts a backend and gives its description. `cuda-sim` is CUDA on the simulator, which compiles the kernels for the CPU with g++. */
async function open(name: string): Promise<string> {
  if (name === 'cuda-sim') return (await simulatedBackend()).backend.description;
  return (await useBackend(await candidate(name))).backend.description;
}

async function candidate(name: string): Promise<BackendCandidate> {
  if (name === 'cpu') return cpu();
  if (name === 'wasm') return (await import('@glid/backend-wasm')).wasm();
  return (await import('@glid/backend-webgpu')).webgpu({ allowSoftware: true });
}

async function measure(name: string): Promise<Outcome> {
  enableProdMode();
  const description = await open(name);
  if (name === 'webgpu') env().set('WEBGPU_CPU_FORWARD', false);
  const cases: CaseOutcome[] = [];
  for (const c of opCases) {
    const what = { op: c.op, id: c.id, hasGradient: c.gradientOf.length > 0 };
    try {
      const { forward, gradient } = await checkCase(c);
      cases.push({ ...what, worst: { forward, gradient } });
    } catch (error) {
      cases.push({ ...what, worst: null, reason: (error as Error).message.split('\n')[0]! });
    }
  }
  const kernels = glidKernelNames.filter((kernel) => hasGlidKernel(kernel));
  return { backend: name, description, kernels, cases };
}

function inOwnProcess(name: string): Outcome {
  const out = execFileSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), '--measure', name], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(out.slice(out.lastIndexOf('\n{') + 1)) as Outcome;
}

/** The contracts that an operation of the suite can be served by: forward, and gradient. */
const contracts: Readonly<Record<string, readonly string[]>> = {
  linear: ['GlidLinear', 'GlidColumnSum'],
  linearAdd: ['GlidLinearAdd', 'GlidColumnSum'],
  linears: ['GlidLinears', 'GlidColumnSum'],
  gelu: ['GlidGelu', 'GlidGeluGrad'],
  layerNorm: ['GlidLayerNorm', 'GlidLayerNormGrad'],
  squaresNorm: ['GlidSquaresNorm', 'GlidLayerNormGrad'],
  groupNorm: ['GlidGroupNorm', 'GlidGroupNormGrad'],
  windowAttention: ['GlidWindowAttention', 'GlidWindowAttentionGrad'],
  relativeWindowAttention: ['GlidRelativeWindowAttention', 'GlidWindowAttentionGrad'],
  attention: ['GlidAttention', 'GlidAttentionGrad'],
  fusionNode: ['GlidFusionNode', 'GlidFusionNodeGrad'],
  fuseAndMix: ['GlidFuseAndMix', 'GlidFusionNodeGrad'],
  resizeBilinear: ['GlidResizeBilinearGrad'],
  resizeNearest: ['GlidResizeNearestGrad'],
  samplePoints: ['GlidSamplePoints', 'GlidSamplePointsGrad'],
  maskCosts: ['GlidMaskCosts'],
  maskReadout: ['GlidMaskReadout'],
  maskContest: ['GlidMaskContest'],
  adamwStep: ['GlidAdamW'],
  globalNorm: ['GlidGlobalNorm'],
  clipByGlobalNorm: ['GlidGlobalNorm'],
};

const remarks: Readonly<Record<string, string>> = {
  'cuda-sim':
    '. The CUDA backend on its simulator, which runs the kernels compiled for the CPU: no GPU has computed this column',
};

function cell(op: string, outcome: Outcome): string {
  const cases = outcome.cases.filter((c) => c.op === op);
  const passed = cases.filter((c) => c.worst !== null);
  if (passed.length === 0) return 'fails';
  const wanted = contracts[op] ?? [];
  const fused = wanted.filter((name) => outcome.kernels.includes(name)).length;
  const how = op.startsWith('tfjs ')
    ? 'right'
    : wanted.length > 0 && fused === wanted.length
      ? 'fused'
      : fused > 0
        ? 'partly fused'
        : 'composed';
  return passed.length === cases.length ? `${how} (${cases.length})` : `${how} (${passed.length} of ${cases.length})`;
}

function page(outcomes: readonly Outcome[]): string {
  const ops = [...new Set(opCases.map((c) => c.op))];
  const failures = outcomes.flatMap(({ backend, cases }) =>
    cases.filter((c) => c.worst === null).map((c) => `- **${backend}**, ${c.id}: ${c.reason}`),
  );
  const largest = (outcome: Outcome, of: 'forward' | 'gradient'): string =>
    Math.max(...outcome.cases.map((c) => c.worst?.[of] ?? 0)).toFixed(2);
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `# Compatibility

Written on ${new Date().toISOString().slice(0, 10)} by \`npx tsx --conditions=@glid/source tools/compatibility.ts\` from a run of the numeric
suite (\`packages/ops/test/suite\`, ${opCases.length} cases) in Node: every value against plain loops in double precision, every gradient against
central differences of them. \`tools/docs/compatibility.test.ts\` fails where the suite has cases that this table has not.

${outcomes.map(({ backend, description }) => `- **${backend}**: ${description}${remarks[backend] ?? ''}`).join('\n')}

**fused**: the backend has its own kernels for the operation, forward and gradient; **composed**: it runs the operation's decomposition into
TensorFlow.js's kernels; **right**: one of these kernels itself. In brackets the cases that hold.

${row(['operation', ...outcomes.map(({ backend }) => backend)])}
${row(['---', ...outcomes.map(() => '---')])}
${ops.map((op) => row([`\`${op}\``, ...outcomes.map((outcome) => cell(op, outcome))])).join('\n')}
${row(['cases that hold', ...outcomes.map(({ cases }) => `${cases.filter((c) => c.worst !== null).length} of ${cases.length}`)])}
${row(['largest error, forward (1 = allowed)', ...outcomes.map((outcome) => largest(outcome, 'forward'))])}
${row(['largest error, gradient (1 = allowed)', ...outcomes.map((outcome) => largest(outcome, 'gradient'))])}

## Excluded

${failures.length === 0 ? 'Nothing: every case holds on every backend above.' : failures.join('\n')}

What TensorFlow.js itself has no usable gradient for is listed with replacements in \`packages/ops/src/banned.ts\`.
`;
}

if (options.measure) {
  console.log(`\n${JSON.stringify(await measure(options.measure))}`);
  process.exit(0);
}
const outcomes = options.backends.split(',').map(inOwnProcess);
writeFileSync(new URL('../docs/compatibility.md', import.meta.url), page(outcomes));
const failed = outcomes.flatMap(({ cases }) => cases).filter((c) => c.worst === null).length;
console.log(`${outcomes.length} backends, ${opCases.length} cases, ${failed} failures`);
process.exit(failed === 0 ? 0 : 1);
