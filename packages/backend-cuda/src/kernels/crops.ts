import type {
  CropAndResizeAttrs,
  KernelConfig,
  RotateWithOffsetAttrs,
  TensorInfo,
  TransformAttrs,
} from '@tensorflow/tfjs-core';
import { backend_util, CropAndResize, FlipLeftRight, RotateWithOffset, Transform } from '@tensorflow/tfjs-core';
import { stridedCopy } from '../codegen/strided-copy.ts';
import { cType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf, stridesOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { castTo } from './views.ts';

type Size4 = [batch: number, height: number, width: number, channels: number];

/** C: position of output element `i`. */
const position = `    int channel = i % C, pixel = i / C;
    int outX = pixel % outW, outY = pixel / outW % outH, picture = pixel / outW / outH;`;

const crop = (method: CropAndResizeAttrs['method']) =>
  pointwise(
    `${CropAndResize} ${method}`,
    'const float* xs, const float* boxes, const int* boxPictures, float* ys, int batch, int H, int W, int C, int outH, int outW, float outside',
    `${position}
    const float* box = boxes + picture * 4;
    int source = boxPictures[picture];
    if (source < 0 || source >= batch) {
      ys[i] = 0.0f;
      continue;
    }
    const float* x = xs + (size_t)source * H * W * C + channel;
    float stepY = outH > 1 ? (box[2] - box[0]) * (H - 1) / (outH - 1) : 0.0f;
    float stepX = outW > 1 ? (box[3] - box[1]) * (W - 1) / (outW - 1) : 0.0f;
    float y = outH > 1 ? box[0] * (H - 1) + outY * stepY : 0.5f * (box[0] + box[2]) * (H - 1);
    float x_ = outW > 1 ? box[1] * (W - 1) + outX * stepX : 0.5f * (box[1] + box[3]) * (W - 1);
    if (!(y >= 0.0f && y <= H - 1 && x_ >= 0.0f && x_ <= W - 1)) {
      ys[i] = outside;
      continue;
    }
${
  method === 'nearest'
    ? '    ys[i] = x[((int)roundf(y) * W + (int)roundf(x_)) * C];'
    : `    int top = (int)floorf(y), bottom = (int)ceilf(y), left = (int)floorf(x_), right = (int)ceilf(x_);
    float upper = x[(top * W + left) * C] + (x[(top * W + right) * C] - x[(top * W + left) * C]) * (x_ - left);
    float lower = x[(bottom * W + left) * C] + (x[(bottom * W + right) * C] - x[(bottom * W + left) * C]) * (x_ - left);
    ys[i] = upper + (lower - upper) * (y - top);`
}`,
  );

/** C: the body of a function: where coordinate `v` of a picture `length` long is read from. */
const mapped: Readonly<Record<TransformAttrs['fillMode'], string>> = {
  constant: 'return v;',
  nearest: 'return fminf(fmaxf(v, 0.0f), length - 1.0f);',
  // [abcd] reads as [dcba|abcd|dcba].
  reflect: `if (length <= 1) return 0.0f;
  float period = 2.0f * length;
  v = fmodf(v, period);
  if (v < 0.0f) v += period;
  return fminf(fmaxf(v >= length ? period - v - 1.0f : v, 0.0f), length - 1.0f);`,
  // [abcd] reads as [abcd|abcd|abcd].
  wrap: `if (length <= 1) return 0.0f;
  if (v < 0.0f) v += length * (truncf(-v / (length - 1)) + 1.0f);
  else if (v > length - 1) v -= length * truncf(v / (length - 1));
  return fminf(fmaxf(v, 0.0f), length - 1.0f);`,
};

const transform = ({ fillMode, interpolation }: TransformAttrs) =>
  pointwise(
    `${Transform} ${fillMode} ${interpolation}`,
    'const float* xs, const float* transforms, float* ys, int shared, int H, int W, int C, int outH, int outW, float fill',
    `${position}
    const float* x = xs + (size_t)picture * H * W * C + channel;
    const float* t = transforms + (shared ? 0 : picture * 8);
    float projection = t[6] * outX + t[7] * outY + 1.0f;
    if (projection == 0.0f) {
      ys[i] = fill;
      continue;
    }
    float inX = mapped((t[0] * outX + t[1] * outY + t[2]) / projection, W);
    float inY = mapped((t[3] * outX + t[4] * outY + t[5]) / projection, H);
${
  interpolation === 'nearest'
    ? '    ys[i] = sample(x, floorf(inY + 0.5f), floorf(inX + 0.5f), H, W, C, fill);'
    : `    float top = floorf(inY), left = floorf(inX), bottom = top + 1.0f, right = left + 1.0f;
    float upper = (right - inX) * sample(x, top, left, H, W, C, fill) + (inX - left) * sample(x, top, right, H, W, C, fill);
    float lower = (right - inX) * sample(x, bottom, left, H, W, C, fill) + (inX - left) * sample(x, bottom, right, H, W, C, fill);
    ys[i] = (bottom - inY) * upper + (inY - top) * lower;`
}`,
    `static __device__ __forceinline__ float mapped(float v, int length) {
  ${mapped[fillMode]}
}
static __device__ __forceinline__ float sample(const float* x, float row, float column, int H, int W, int C, float fill) {
  return row >= 0.0f && row < H && column >= 0.0f && column < W ? x[((int)row * W + (int)column) * C] : fill;
}`,
  );

const rotate = (type: string) =>
  pointwise(
    `${RotateWithOffset} ${type}`,
    `const ${type}* xs, ${type}* ys, int outH, int outW, int C, float sine, float cosine, float centreX, float centreY, float red, float green, float blue, float alpha`,
    `${position}
    float x = outX - centreX, y = outY - centreY;
    int column = (int)floorf(x * cosine - y * sine + centreX + 0.5f);
    int row = (int)floorf(x * sine + y * cosine + centreY + 0.5f);
    bool inside = row >= 0 && row < outH && column >= 0 && column < outW;
    float fill = channel == 0 ? red : channel == 1 ? green : channel == 2 ? blue : alpha;
    ys[i] = inside ? xs[(((size_t)picture * outH + row) * outW + column) * C + channel] : (${type})fill;`,
  );

export const cropKernels: readonly KernelConfig[] = [
  defineKernel<{ image: TensorInfo; boxes: TensorInfo; boxInd: TensorInfo }, CropAndResizeAttrs>(
    CropAndResize,
    (backend, { image: given, boxes, boxInd }, { cropSize, method, extrapolationValue }) => {
      const image = castTo(backend, given, 'float32');
      const [batch, height, width, channels] = image.shape as Size4;
      const y = backend.output([boxes.shape[0]!, ...cropSize, channels]);
      const addresses = [image, boxes, boxInd, y].map((tensor) => backend.pointer(tensor));
      const values = [...addresses, batch, height, width, channels, ...cropSize, extrapolationValue];
      backend.run(crop(method), sizeOf(y.shape), values);
      backend.release(image);
      return y;
    },
  ),
  defineKernel<{ image: TensorInfo; transforms: TensorInfo }, TransformAttrs>(
    Transform,
    (backend, { image: given, transforms }, attrs) => {
      const image = castTo(backend, given, 'float32');
      const [batch, height, width, channels] = image.shape as Size4;
      const size = attrs.outputShape ?? [height, width];
      const y = backend.output([batch, ...size, channels]);
      const addresses = [image, transforms, y].map((tensor) => backend.pointer(tensor));
      const shared = transforms.shape[0] === 1 ? 1 : 0;
      const values = [...addresses, shared, height, width, channels, ...size, attrs.fillValue];
      backend.run(transform(attrs), sizeOf(y.shape), values);
      backend.release(image);
      return y;
    },
  ),
  defineKernel<{ image: TensorInfo }, RotateWithOffsetAttrs>(
    RotateWithOffset,
    (backend, { image }, { radians, fillValue, center }) => {
      const [, height, width, channels] = image.shape as Size4;
      const [centreX, centreY] = backend_util.getImageCenter(center, height, width);
      // A colour leaves the fourth channel opaque.
      const fills = typeof fillValue === 'number' ? [0, 0, 0, 0].fill(fillValue) : [...fillValue, 255];
      const y = backend.output(image.shape, image.dtype);
      const turn = [Math.sin(radians), Math.cos(radians), centreX, centreY];
      const values = [backend.pointer(image), backend.pointer(y), height, width, channels, ...turn, ...fills];
      backend.run(rotate(cType(image.dtype)), sizeOf(y.shape), values);
      return y;
    },
  ),
  defineKernel<{ image: TensorInfo }>(FlipLeftRight, (backend, { image }) => {
    const y = backend.output(image.shape, image.dtype);
    const strides = stridesOf(image.shape);
    const backwards = strides.map((stride, axis) => (axis === 2 ? -stride : stride));
    const from = { tensor: image, strides: backwards, start: (image.shape[2]! - 1) * strides[2]! };
    stridedCopy(backend, image.shape, from, { tensor: y, strides });
    return y;
  }),
];
