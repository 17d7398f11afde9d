import {
  computeType,
  cublasLtTable,
  dataTypeFloat32,
  descriptionAttribute,
  epilogueNumber,
  heuristicResult,
  layoutAttribute,
  preferenceAttribute,
} from '../driver/cublaslt.ts';
import { cublasError } from '../driver/errors.ts';
import { bindTable } from '../ffi/bind.ts';
import type { Functions, NativeLibrary } from '../ffi/port.ts';
import type { Allocator, Block } from './allocator.ts';
import type { Device } from './device.ts';

/**
 * How products round their float32 inputs: not at all, to 10 bits of mantissa, or to 7. Sums are float32 always.
 */
export type Precision = keyof typeof computeType;

/** Row-major `D[b] = op(A[b]) op(B[b])`, `[m, k] x [k, n]`; a batch stride of 0 repeats one matrix. */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly batches?: number;
  readonly strideA?: number;
  readonly strideB?: number;
  readonly epilogue?: keyof typeof epilogueNumber;
  /** Adds to what D holds. */
  readonly accumulate?: boolean;
}

interface Plan {
  readonly description: number;
  readonly layouts: readonly [a: number, b: number, d: number];
  readonly algorithm: Uint8Array;
  readonly workspaceBytes: number;
}

const workspaceLimit = 32 * 2 ** 20;

/** Matrix products by cuBLASLt, with a plan a shape. The library is column-major: it computes D' = B' A'. */
export class MatrixProducts {
  readonly #device: Device;
  readonly #allocator: Allocator;
  readonly #lt: Functions<typeof cublasLtTable>;
  readonly #library: string;
  readonly #handle: number;
  readonly #precision: Precision;
  readonly #plans = new Map<string, Plan>();
  readonly #out = new BigUint64Array(1);
  readonly #integer = new Int32Array(1);
  readonly #one = Float32Array.of(1);
  readonly #zero = Float32Array.of(0);

  constructor(device: Device, allocator: Allocator, library: NativeLibrary, precision: Precision) {
    this.#device = device;
    this.#allocator = allocator;
    this.#precision = precision;
    this.#library = library.path;
    this.#lt = bindTable(library, cublasLtTable);
    this.#handle = this.#create('cublasLtCreate', this.#lt.cublasLtCreate(this.#out));
  }

  /** `bias [n]` where the epilogue has one; `added`, laid out as D, is added before it. All sizes must be positive. */
  multiply(
    shape: ProductShape,
    a: number,
    b: number,
    d: number,
    bias = 0,
    added: number = shape.accumulate ? d : 0,
  ): void {
    const plan = this.#planOf(shape);
    if (bias !== 0) this.#setAddress(plan.description, descriptionAttribute.biasPointer, bias);
    let workspace: Block | undefined;
    if (plan.workspaceBytes > 0) workspace = this.#allocator.allocate(plan.workspaceBytes);
    this.#device.launches++;
    const [layoutA, layoutB, layoutD] = plan.layouts;
    const beta = added === 0 ? this.#zero : this.#one;
    const code = this.#lt.cublasLtMatmul(
      ...([this.#handle, plan.description, this.#one, b, layoutB, a, layoutA, beta] as const),
      ...([added || d, layoutD, d, layoutD, plan.algorithm] as const),
      ...([workspace?.address ?? 0, plan.workspaceBytes, this.#device.stream] as const),
    );
    if (workspace !== undefined) this.#allocator.release(workspace);
    this.#check(code, 'cublasLtMatmul');
  }

  dispose(): void {
    for (const { description, layouts } of this.#plans.values()) {
      this.#lt.cublasLtMatmulDescDestroy(description);
      for (const layout of layouts) this.#lt.cublasLtMatrixLayoutDestroy(layout);
    }
    this.#plans.clear();
    this.#lt.cublasLtDestroy(this.#handle);
  }

  #planOf(shape: ProductShape): Plan {
    const { m, n, k, transposeA, transposeB, batches = 1, strideA = 0, strideB = 0, epilogue = 'none' } = shape;
    const key = `${m} ${n} ${k} ${transposeA ? 1 : 0}${transposeB ? 1 : 0} ${batches} ${strideA} ${strideB} ${epilogue}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = this.#makePlan(shape);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #makePlan(shape: ProductShape): Plan {
    const { m, n, k, transposeA = false, transposeB = false, batches = 1, strideA = 0, strideB = 0 } = shape;
    const { epilogue = 'none' } = shape;
    const lt = this.#lt;
    const compute = computeType[this.#precision];
    const created = lt.cublasLtMatmulDescCreate(this.#out, compute, dataTypeFloat32);
    const description = this.#create('cublasLtMatmulDescCreate', created);
    // Operands change places: the library's A is our B.
    this.#setInteger(description, descriptionAttribute.transposeA, Number(transposeB));
    this.#setInteger(description, descriptionAttribute.transposeB, Number(transposeA));
    this.#setInteger(description, descriptionAttribute.epilogue, epilogueNumber[epilogue]);
    const layoutA = transposeA ? this.#layout(m, k, batches, strideA) : this.#layout(k, m, batches, strideA);
    const layoutB = transposeB ? this.#layout(k, n, batches, strideB) : this.#layout(n, k, batches, strideB);
    const layoutD = this.#layout(n, m, batches, m * n);
    const preference = this.#create('cublasLtMatmulPreferenceCreate', lt.cublasLtMatmulPreferenceCreate(this.#out));
    this.#out[0] = BigInt(workspaceLimit);
    const limited = lt.cublasLtMatmulPreferenceSetAttribute(
      preference,
      preferenceAttribute.workspaceBytes,
      this.#out,
      8,
    );
    this.#check(limited, 'cublasLtMatmulPreferenceSetAttribute');
    const result = new Uint8Array(heuristicResult.bytes);
    const code = lt.cublasLtMatmulAlgoGetHeuristic(
      ...([this.#handle, description, layoutB, layoutA, layoutD, layoutD, preference, 1] as const),
      ...([result, this.#integer] as const),
    );
    lt.cublasLtMatmulPreferenceDestroy(preference);
    this.#check(code, `Choosing an algorithm for a product of ${m} x ${k} x ${n}`);
    const workspaceBytes = Number(new DataView(result.buffer).getBigUint64(heuristicResult.workspaceOffset, true));
    const algorithm = result.subarray(0, heuristicResult.algorithmBytes);
    return { description, layouts: [layoutA, layoutB, layoutD], algorithm, workspaceBytes };
  }

  #layout(rows: number, columns: number, batches: number, stride: number): number {
    const lt = this.#lt;
    const created = lt.cublasLtMatrixLayoutCreate(this.#out, dataTypeFloat32, rows, columns, rows);
    const layout = this.#create('cublasLtMatrixLayoutCreate', created);
    if (batches > 1) {
      this.#integer[0] = batches;
      this.#check(
        lt.cublasLtMatrixLayoutSetAttribute(layout, layoutAttribute.batchCount, this.#integer, 4),
        'cublasLtMatrixLayoutSetAttribute',
      );
      this.#out[0] = BigInt(stride);
      this.#check(
        lt.cublasLtMatrixLayoutSetAttribute(layout, layoutAttribute.batchStride, this.#out, 8),
        'cublasLtMatrixLayoutSetAttribute',
      );
    }
    return layout;
  }

  #setInteger(description: number, attribute: number, value: number): void {
    this.#integer[0] = value;
    const code = this.#lt.cublasLtMatmulDescSetAttribute(description, attribute, this.#integer, 4);
    this.#check(code, 'cublasLtMatmulDescSetAttribute');
  }

  #setAddress(description: number, attribute: number, address: number): void {
    this.#out[0] = BigInt(address);
    const code = this.#lt.cublasLtMatmulDescSetAttribute(description, attribute, this.#out, 8);
    this.#check(code, 'cublasLtMatmulDescSetAttribute');
  }

  #create(call: string, code: number): number {
    this.#check(code, call);
    return Number(this.#out[0]);
  }

  #check(code: number, call: string): void {
    if (code === 0) return;
    // A fault of an earlier kernel shows here too; the driver knows its name.
    this.#device.synchronize();
    throw cublasError(code, call, this.#library);
  }
}
