import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../context.ts';
import { glidKernel } from './glid-kernel.ts';
import { product } from './matrix-product.ts';

type Maps = Readonly<Record<`x${number}`, TensorInfo>>;

export function registerFusionNode(): void {
  glidKernel('GlidFusionNode', (context, inputs, { count, epsilon, activation }) => {
    const maps = listMaps(inputs, count);
    const y = context.output(maps[0]!.shape);
    const scratch = context.scratch(8 * count);
    writeAddresses(context, maps, scratch + 4 * count);
    context.simd.fusionNode(
      ...([scratch + 4 * count, context.pointer(inputs.weights), context.pointer(y)] as const),
      ...([count, product(y.shape), epsilon, activation === 'swish', scratch] as const),
    );
    return [y];
  });

  glidKernel('GlidFusionNodeGrad', (context, inputs, { count, epsilon, activation }) => {
    const maps = listMaps(inputs, count);
    const gradients = maps.map((map) => context.output(map.shape));
    const dweights = context.output([count]);
    const scratch = context.scratch(20 * count);
    const addresses = scratch + 12 * count;
    writeAddresses(context, [...maps, ...gradients], addresses);
    context.simd.fusionNodeGrad(
      ...([context.pointer(inputs.dy), addresses, context.pointer(inputs.weights)] as const),
      ...([addresses + 4 * count, context.pointer(dweights)] as const),
      ...([count, product(maps[0]!.shape), epsilon, activation === 'swish', scratch] as const),
    );
    return [...gradients, dweights];
  });
}

function listMaps(inputs: Maps, count: number): TensorInfo[] {
  return Array.from({ length: count }, (_, k) => inputs[`x${k}`]!);
}

function writeAddresses(context: WasmContext, tensors: readonly TensorInfo[], to: number): void {
  const table = new Uint32Array(context.module.HEAPU8.buffer, to, tensors.length);
  tensors.forEach((tensor, i) => {
    table[i] = context.pointer(tensor);
  });
}
