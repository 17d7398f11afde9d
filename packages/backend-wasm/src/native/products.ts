import type { OnnxGraph, OnnxNode } from './onnx-graph.ts';
import { encodeOnnx } from './onnx-graph.ts';
import type { NativeSession, OrtRuntime, OrtTensor } from './ort-runtime.ts';

export type NativeActivation = 'none' | 'gelu' | 'relu';

const microsoft = 'com.microsoft';

/** `[batch]` or nothing, then rows and columns. */
type MatrixShape = readonly number[];

/**
 * Matrix products of ONNX Runtime that read and write views of the WebAssembly heap in place. The graphs have symbolic sizes
 * and are built when first used. Views are made for each call: growth of the heap detaches older ones.
 */
export class NativeProducts {
  readonly #runtime: OrtRuntime;
  readonly #memory: () => ArrayBufferLike;
  readonly #sessions = new Map<string, NativeSession>();
  readonly threads: number;
  readonly version: string;

  constructor(runtime: OrtRuntime, memory: () => ArrayBufferLike, threads: number) {
    this.#runtime = runtime;
    this.#memory = memory;
    this.threads = threads;
    this.version = runtime.version;
  }

  /** c = op(a) op(b); the shapes are those that lie in memory, `[m, n]` or `[batch, m, n]`. */
  matMul(
    a: number,
    shapeA: MatrixShape,
    transposeA: boolean,
    b: number,
    shapeB: MatrixShape,
    transposeB: boolean,
    c: number,
    shapeC: MatrixShape,
  ): void {
    const rank = shapeA.length;
    const session = this.#session(`matMul ${rank} ${transposeA} ${transposeB}`, () =>
      matMulGraph(rank, transposeA, transposeB),
    );
    session.run({ A: this.#view(a, shapeA), B: this.#view(b, shapeB) }, { C: this.#view(c, shapeC) }, {});
  }

  /** y [m, n] = activation(x [m, k] kernel [k, n] + bias [n]); `z` is the value before the activation, where wanted. */
  linear(
    sizes: { readonly m: number; readonly n: number; readonly k: number },
    pointers: {
      readonly x: number;
      readonly kernel: number;
      readonly bias: number;
      readonly y: number;
      readonly z: number;
    },
    activation: NativeActivation,
  ): void {
    const { m, n, k } = sizes;
    const { x, kernel, bias, y, z } = pointers;
    const withBias = bias !== 0;
    const withZ = z !== 0;
    const session = this.#session(`linear ${withBias} ${activation} ${withZ}`, () =>
      linearGraph(withBias, activation, withZ),
    );
    const feeds: Record<string, OrtTensor> = { X: this.#view(x, [m, k]), W: this.#view(kernel, [k, n]) };
    if (withBias) feeds.B = this.#view(bias, [n]);
    const fetches: Record<string, OrtTensor> = { Y: this.#view(y, [m, n]) };
    if (withZ) fetches.Z = this.#view(z, [m, n]);
    session.run(feeds, fetches, {});
  }

  dispose(): void {
    for (const session of this.#sessions.values()) session.dispose();
    this.#sessions.clear();
  }

  #session(key: string, graph: () => OnnxGraph): NativeSession {
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = this.#runtime.session(encodeOnnx(graph()), this.threads);
      this.#sessions.set(key, session);
    }
    return session;
  }

  #view(pointer: number, shape: readonly number[]): OrtTensor {
    let size = 1;
    for (const n of shape) size *= n;
    return this.#runtime.tensor(new Float32Array(this.#memory(), pointer, size), shape);
  }
}

function matMulGraph(rank: number, transposeA: boolean, transposeB: boolean): OnnxGraph {
  const batch = rank === 3 ? ['b'] : [];
  return {
    nodes: [
      {
        op: 'FusedMatMul',
        domain: microsoft,
        inputs: ['A', 'B'],
        outputs: ['C'],
        attributes: { transA: Number(transposeA), transB: Number(transposeB) },
      },
    ],
    inputs: {
      A: [...batch, ...(transposeA ? ['k', 'm'] : ['m', 'k'])],
      B: [...batch, ...(transposeB ? ['n', 'k'] : ['k', 'n'])],
    },
    outputs: { C: [...batch, 'm', 'n'] },
  };
}

function linearGraph(withBias: boolean, activation: NativeActivation, withPreactivation: boolean): OnnxGraph {
  const z = activation === 'none' ? 'Y' : 'Z';
  const nodes: OnnxNode[] = [{ op: 'Gemm', inputs: withBias ? ['X', 'W', 'B'] : ['X', 'W'], outputs: [z] }];
  if (activation === 'gelu') nodes.push({ op: 'Gelu', domain: microsoft, inputs: ['Z'], outputs: ['Y'] });
  if (activation === 'relu') nodes.push({ op: 'Relu', inputs: ['Z'], outputs: ['Y'] });
  return {
    nodes,
    inputs: withBias ? { X: ['m', 'k'], W: ['k', 'n'], B: ['n'] } : { X: ['m', 'k'], W: ['k', 'n'] },
    outputs: withPreactivation ? { Y: ['m', 'n'], Z: ['m', 'n'] } : { Y: ['m', 'n'] },
  };
}
