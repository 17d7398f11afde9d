import { captureGraph, constantTensor } from '@glid/ops';
import {
  add,
  addN,
  enableProdMode,
  image,
  matMul,
  memory,
  mul,
  randomNormal,
  relu,
  scalar,
  softmax,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

describe.skipIf(withoutCompiler).each([
  ['kept memory', false],
  ['exact memory with guard pages', true],
] as const)('graphs on the simulator, %s (needs g++)', (_, exactMemory) => {
  let simulated: Simulated;
  let weights: Tensor;
  beforeEach(async () => {
    simulated = await simulatedBackend({ exactMemory });
    weights = randomNormal([8, 8], 0, 1, 'float32', 5);
  });
  afterEach(() => simulated.dispose());

  const capture = (inputs: Tensor[], run: (inputs: readonly Tensor[]) => Tensor[]) => captureGraph(inputs, run)!;
  const input = (seed: number): Tensor => randomNormal([4, 8], 0, 1, 'float32', seed);
  /** Constants of both kinds, a product, a reduction, temporaries that come and go. */
  const network = ([x]: readonly Tensor[]): Tensor[] => {
    const bias = tensor1d([1, 2, 3, 4, 5, 6, 7, 8]);
    const cached = constantTensor('graph test', () => tensor2d(new Float32Array(64).fill(0.25), [8, 8]));
    const hidden = relu(add(matMul(x as never, weights as never), bias));
    const mixed = matMul(add(hidden, tensor1d([8, 7, 6, 5, 4, 3, 2, 1])) as never, cached as never);
    return [softmax(mul(mixed, 0.125)), sum(square(hidden), 1), add(x!, 1)];
  };
  const values = (tensors: readonly Tensor[]): number[][] => tensors.map((t) => Array.from(t.dataSync()));
  const eager = (x: Tensor): number[][] => tidy(() => values(network([x])));

  it('equal the eager computation bit for bit, with other inputs and with work between', () => {
    const graph = capture([input(1)], network);
    expect(graph.nodes).toBeGreaterThan(7);
    for (const seed of [2, 3, 4]) {
      const x = input(seed);
      const expected = eager(x);
      // Work that would overwrite the graph's memory if it were not its own.
      tidy(() => addN(Array.from({ length: 20 }, (_, i) => mul(input(i), 1e9))));
      const launches = simulated.backend.launches();
      const got = graph.replay([x]);
      expect(simulated.backend.launches()).toBe(launches + 1);
      const next = graph.replay([mul(x, 2)]);
      expect(values(got)).toEqual(expected);
      expect(values(next)).toEqual(eager(mul(x, 2)));
    }
    // Values that are still on the host go straight into the graph's input.
    const host = tensor(new Float32Array(32).fill(0.5), [4, 8]);
    expect(values(graph.replay([host]))).toEqual(eager(host));
    graph.dispose();
  });

  it('keep what they read alive: parameters and cached constants that are disposed meanwhile', () => {
    const x = input(2);
    const expected = eager(x);
    const graph = capture([x], network);
    weights.dispose();
    for (let i = 0; i < 10; i++) tidy(() => void square(zeros([8, 8])));
    const disposed = constantTensor('graph test', () => scalar(0));
    disposed.dispose();
    for (let i = 0; i < 10; i++) tidy(() => void square(zeros([8, 8])));
    expect(values(graph.replay([x]))).toEqual(expected);
    graph.dispose();
  });

  it('give all their memory back, and leave no tensor behind', () => {
    const x = input(1);
    eager(x);
    const { numTensors, numDataBuffers } = memory();
    const [inUse, reserved] = [simulated.backend.bytesInUse(), simulated.backend.bytesReserved()];
    const graphs = [1, 2].map(() => capture([x], network));
    expect(memory()).toMatchObject({ numTensors, numDataBuffers });
    expect(simulated.backend.bytesInUse()).toBeGreaterThan(inUse);
    for (const graph of graphs) for (const t of graph.replay([x])) t.dispose();
    for (const graph of graphs) graph.dispose();
    graphs[0]!.dispose();
    expect(memory()).toMatchObject({ numTensors, numDataBuffers });
    expect(simulated.backend.bytesInUse()).toBe(inUse);
    // Inputs and copied outputs come from the common pool and may stay there.
    expect(simulated.backend.bytesReserved() - reserved).toBeLessThanOrEqual(exactMemory ? 0 : 8 * 512);
    expect(() => graphs[0]!.replay([x])).toThrow(expect.objectContaining({ code: 'GLID_USAGE' }));
  });

  it('several live side by side', () => {
    const small = capture([input(1)], network);
    const other = capture([randomNormal([6, 8], 0, 1, 'float32', 1)], network);
    const [x, y] = [input(3), randomNormal([6, 8], 0, 1, 'float32', 3)];
    const expected = [eager(x), eager(y)];
    expect([values(small.replay([x])), values(other.replay([y]))]).toEqual(expected);
    small.dispose();
    expect(values(other.replay([y]))).toEqual(expected[1]);
    expect(() => other.replay([x])).toThrow(expect.objectContaining({ code: 'GLID_SHAPE' }));
    expect(() => other.replay([])).toThrow(/takes float32 \[6, 8\], but was given \./);
    // Not disposed: the backend takes it along.
  });

  it('refuse what cannot be recorded, by name, and all goes on', async () => {
    const [x, boxes] = [input(1), tensor2d([0, 0, 1, 1], [1, 4])];
    // What is on the host goes up when it is first used.
    for (const t of [x, boxes, weights]) square(t).dispose();
    eager(x);
    const { numTensors } = memory();
    const inUse = simulated.backend.bytesInUse();
    const nested = (inputs: readonly Tensor[]): Tensor[] => {
      const graph = capture([...inputs], network);
      const outputs = graph.replay(inputs);
      graph.dispose();
      return outputs;
    };
    const refused: [RegExp, (inputs: readonly Tensor[]) => Tensor[]][] = [
      [/^The captured function reads back from the device/, ([t]) => [scalar(add(t!, 1).dataSync()[0]!)]],
      [
        /^NonMaxSuppressionV3 reads back/,
        ([t]) => [image.nonMaxSuppression(mul(boxes, sum(t!)) as never, tensor1d([1]), 1)],
      ],
      [/^The captured function captures another graph/, nested],
    ];
    for (const [message, run] of refused) {
      expect(() => capture([x], run)).toThrow(
        expect.objectContaining({ code: 'GLID_USAGE', message: expect.stringMatching(message) }),
      );
    }
    let reading: Promise<unknown> | undefined;
    const later = ([t]: readonly Tensor[]): Tensor[] => {
      const y = add(t!, 1);
      reading = y.data().catch((error) => error.code);
      return [y];
    };
    expect(() => capture([x], later)).toThrow(/reads back/);
    expect(await reading).toBe('GLID_USAGE');
    // Not the same each time: the capture wants memory or kernels that the rehearsal did not.
    let runs = 0;
    expect(() => capture([x], ([t]) => [++runs < 3 ? add(t!, 1) : matMul(zeros([300, 4]), t as never)])).toThrow(
      /^(Fill|BatchMatMul) needs a block of \d+ bytes that the rehearsal did not need/,
    );
    runs = 0;
    expect(() => capture([x], ([t]) => [++runs < 3 ? add(t!, 1) : tanh(t!)])).toThrow(/^Tanh loads the kernel/);
    expect(memory().numTensors).toBe(numTensors);
    expect(simulated.backend.bytesInUse()).toBe(inUse);
    expect(values(capture([x], network).replay([x]))).toEqual(eager(x));
  });
});
