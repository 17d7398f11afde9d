import type { Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs-core';
import { add, engine } from '@tensorflow/tfjs-core';
import { hasGlidKernel, readAs, runOnAll } from './kernel.ts';
import { linear } from './linear.ts';
import { product, requireShape } from './shape.ts';

/** One of several linear layers. */
export interface LinearLayer {
  /** `[..., I]` */
  readonly x: Tensor;
  /** Added to `x` first: of its shape, or with a first axis of 1. */
  readonly added?: Tensor | undefined;
  /** `[I, O]` */
  readonly kernel: Tensor2D;
  /** `[O]` */
  readonly bias?: Tensor1D | undefined;
}

/**
 * Linear layers that do not wait for one another: `(x + added) kernel + bias` `[..., O]` of each. While nothing is differentiated, one
 * launch where the backend has `GlidLinears`; else as `linear`, with equal sums made once. Throws `GLID_SHAPE`.
 */
export function linears(layers: readonly LinearLayer[]): Tensor[] {
  if (layers.length === 0) return [];
  if (engine().isTapeOn() || !hasGlidKernel('GlidLinears')) return oneByOne(layers);
  const inputs: Record<string, TensorInfo> = {};
  const shapes: number[][] = [];
  for (const [k, { x, added, kernel, bias }] of layers.entries()) {
    const [inSize, outSize] = kernel.shape;
    const fits = x.shape.at(-1) === inSize && (bias === undefined || bias.size === outSize) && isAddend(added, x);
    const given = { x, kernel, ...(added && { added }), ...(bias && { bias }) };
    requireShape(fits, 'linears', 'x [..., I], added of its shape or of batch 1, kernel [I, O], bias [O]', given);
    inputs[`x${k}`] = readAs(x, [product(x.shape.slice(0, -1)), inSize]);
    if (added) inputs[`added${k}`] = readAs(added, [added.size / Math.max(1, inSize), inSize]);
    inputs[`kernel${k}`] = kernel;
    if (bias) inputs[`bias${k}`] = bias;
    shapes.push([...x.shape.slice(0, -1), outSize]);
  }
  return runOnAll('GlidLinears', inputs, { count: layers.length }, shapes)!;
}

function isAddend(added: Tensor | undefined, x: Tensor): boolean {
  if (added === undefined) return true;
  const [first, ...rest] = added.shape;
  return (first === 1 || first === x.shape[0]) && rest.join() === x.shape.slice(1).join();
}

function oneByOne(layers: readonly LinearLayer[]): Tensor[] {
  const sums: { x: Tensor; added: Tensor; sum: Tensor }[] = [];
  const sumOf = (x: Tensor, added: Tensor): Tensor => {
    const known = sums.find((other) => other.x === x && other.added === added);
    if (known) return known.sum;
    const sum = add(x, added);
    sums.push({ x, added, sum });
    return sum;
  };
  return layers.map(({ x, added, kernel, bias }) => linear(added ? sumOf(x, added) : x, kernel, bias));
}
