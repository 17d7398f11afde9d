import '@glid/ops/gradients';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { checkCase, opCases } from '../../ops/test/suite/index.ts';
import { tolerances } from './precision.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

/** Kernels of this package that combine threads; those of one thread an element do not know an order. */
const fused = opCases.filter(({ op }) => !op.startsWith('tfjs') || /softmax|sum|max|logSumExp|conv/i.test(op));

describe.skipIf(withoutCompiler).each([
  ['ascending', 0, opCases],
  ['descending', 1, fused],
  ['scrambled', 77, fused],
] as const)('every operation, threads %s (needs g++)', (_, order, cases) => {
  let simulated: Simulated;

  beforeAll(async () => {
    // Exact memory: every tensor is an allocation with a guard page, filled with NaN.
    simulated = await simulatedBackend({ exactMemory: true });
    simulated.simulator.set('ORDER', order);
  });
  afterAll(() => simulated.dispose());

  it.each(cases.map((c) => [c.id, c] as const))('%s', async (_, c) => {
    await checkCase(c);
  });
});

/** Operations whose products are rounded in these precisions. */
const products = opCases.filter(({ op }) => /linear|dense|mask|conv|matMul|attention/i.test(op));

describe.skipIf(withoutCompiler).each(['tf32', 'bf16'] as const)('products in %s (needs g++)', (precision) => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend({ precision, exactMemory: true });
  });
  afterAll(() => simulated.dispose());

  it.each(products.map((c) => [c.id, c] as const))('%s', async (_, c) => {
    await checkCase({ ...c, tolerance: tolerances[precision].ofOperation(c) });
  });
});
