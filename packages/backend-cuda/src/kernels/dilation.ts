import type { Dilation2DAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util, Dilation2D, Dilation2DBackpropFilter, Dilation2DBackpropInput } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { requireFloats } from '../codegen/types.ts';
import {
  forEachCover,
  forEachTap,
  inputPosition,
  outputPosition,
  windowParameters,
  windowValues,
} from '../programs/sliding-window.ts';
import { type Program, pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';

interface Inputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
}

const tap = 'xs[((size_t)(picture * H + y) * W + x) * C + channel] + filter[(fy * filterW + fx) * C + channel]';

const forward = pointwise(
  Dilation2D,
  `const float* xs, const float* filter, float* ys, ${windowParameters}`,
  `${outputPosition('C')}
    float most = -__int_as_float(0x7f800000);
${forEachTap(`most = fmaxf(most, ${tap});`)}
    ys[i] = most;`,
);

/** C: the first of the largest sums of a window, as `fy * filterW + fx`. */
const winner = `static __device__ int winner(const float* xs, const float* filter, int picture, int channel, int outY, int outX, ${windowParameters}) {
  float most = -__int_as_float(0x7f800000);
  int best = 0;
${forEachTap(`float v = ${tap}; if (v > most) { most = v; best = fy * filterW + fx; }`)}
  return best;
}`;
const window_ = 'H, W, C, outH, outW, filterH, filterW, strideH, strideW, dilationH, dilationW, top, left';
const gradientOf = 'dys[((size_t)(picture * outH + outY) * outW + outX) * C + channel]';
const gradientParameters = `const float* xs, const float* filter, const float* dys, float* gradient, int batch, ${windowParameters}`;

const inputGradient = pointwise(
  Dilation2DBackpropInput,
  gradientParameters,
  `${inputPosition}
    float total = 0.0f;
${forEachCover(`if (winner(xs, filter, picture, channel, outY, outX, ${window_}) == fy * filterW + fx) total += ${gradientOf};`)}
    gradient[i] = total;`,
  winner,
);

/** One thread an element of the filter. */
const filterGradient = pointwise(
  Dilation2DBackpropFilter,
  gradientParameters,
  `    int channel = i % C, place = i / C;
    float total = 0.0f;
    for (int picture = 0; picture < batch; picture++) {
      for (int outY = 0; outY < outH; outY++) {
        for (int outX = 0; outX < outW; outX++) {
          if (winner(xs, filter, picture, channel, outY, outX, ${window_}) == place) total += ${gradientOf};
        }
      }
    }
    gradient[i] = total;`,
  winner,
);

const describe = ({ x, filter }: Inputs, attrs: Dilation2DAttrs): backend_util.Conv2DInfo =>
  backend_util.computeDilation2DInfo(
    ...([x.shape as [number, number, number, number], filter.shape as [number, number, number]] as const),
    ...([attrs.strides, attrs.pad, 'NHWC', attrs.dilations] as const),
  );

function gradient(name: string, program: Program, of: 'x' | 'filter'): KernelConfig {
  return defineKernel<Inputs & { dy: TensorInfo }, Dilation2DAttrs>(name, (backend: CudaBackend, inputs, attrs) => {
    const { x, filter, dy } = inputs;
    requireFloats(x, filter, dy);
    const info = describe(inputs, attrs);
    const result = backend.output(inputs[of].shape);
    const addresses = [x, filter, dy, result].map((tensor) => backend.pointer(tensor));
    backend.run(program, sizeOf(result.shape), [...addresses, info.batchSize, ...windowValues(info)]);
    return result;
  });
}

/** Morphological dilation: the largest of `x + filter` under a window. */
export const dilationKernels: readonly KernelConfig[] = [
  defineKernel<Inputs, Dilation2DAttrs>(Dilation2D, (backend, inputs, attrs) => {
    requireFloats(inputs.x, inputs.filter);
    const info = describe(inputs, attrs);
    const y = backend.output(info.outShape);
    const addresses = [inputs.x, inputs.filter, y].map((tensor) => backend.pointer(tensor));
    backend.run(forward, sizeOf(y.shape), [...addresses, ...windowValues(info)]);
    return y;
  }),
  gradient(Dilation2DBackpropInput, inputGradient, 'x'),
  gradient(Dilation2DBackpropFilter, filterGradient, 'filter'),
];
