import { type Dataset, Random } from '@glid/base';
import { drawMask, forwardPretrain, type Model, type PretrainConfig, pixelDeviation, pixelMean } from '@glid/core';
import type { ReportPicture } from '@glid/core/train';
import { evaluationSource, presets } from '@glid/data';
import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import { encodePng } from '../files/png.ts';

/**
 * What a pre-trained model makes of hidden squares: the input, its answers, the picture. With normalised targets an answer is given the
 * mean and deviation of the square that it stands for, as is usual for such figures.
 */
export async function reconstructions(
  model: Model,
  dataset: Dataset,
  size: readonly [number, number],
): Promise<ReportPicture[]> {
  const config = model.pretrain!;
  const source = evaluationSource({
    dataset,
    pipeline: presets.small.pretrain.test({ size }),
    batchSize: dataset.length,
  });
  const pictures: ReportPicture[] = [];
  for await (const { images } of source.batches()) {
    const [batch, height, width] = images.shape;
    const draw = drawMask(config, [batch, height, width], Random.derive(0, 'validation masks', 0));
    const answers = tidy(() =>
      forwardPretrain(model.parameters, model.config, config, tensor4d(images.data, [...images.shape]), draw),
    );
    const values = await answers.data<'float32'>();
    answers.dispose();
    for (let b = 0; b < batch; b++) {
      const stride = height * width * 3;
      const original = images.data.subarray(b * stride, (b + 1) * stride);
      const hidden = draw.hidden.subarray(b * draw.count, (b + 1) * draw.count);
      const own = values.subarray((b * values.length) / batch, ((b + 1) * values.length) / batch);
      const panels = threePanels(original, hidden, own, [height, width], config);
      const png = encodePng({ width: panels.width, height, channels: 3, data: panels.data });
      pictures.push({
        title: `Picture ${b + 1}`,
        caption: 'what the encoder sees, what the model answers, the picture',
        dataUri: `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
      });
    }
  }
  return pictures;
}

const gap = 4;

function threePanels(
  original: Float32Array,
  hidden: Int32Array,
  answers: Float32Array,
  [height, width]: readonly [number, number],
  { unit, target }: PretrainConfig,
): { width: number; data: Uint8Array } {
  const total = 3 * width + 2 * gap;
  const data = new Uint8Array(total * height * 3).fill(255);
  const put = (panel: number, y: number, x: number, c: number, value: number): void => {
    const level = Math.round(value * pixelDeviation[c]! + pixelMean[c]!);
    data[(y * total + panel * (width + gap) + x) * 3 + c] = Math.min(255, Math.max(0, level));
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, i++) for (let panel = 0; panel < 3; panel++) put(panel, y, x, c, original[i]!);
    }
  }
  const columns = width / unit;
  const length = unit * unit * 3;
  for (const [n, cell] of hidden.entries()) {
    const [top, left] = [Math.floor(cell / columns) * unit, (cell % columns) * unit];
    const at = (k: number): number => {
      const pixel = Math.floor(k / 3);
      return ((top + Math.floor(pixel / unit)) * width + left + (pixel % unit)) * 3 + (k % 3);
    };
    const { mean, deviation } =
      target === 'raw' ? { mean: 0, deviation: 1 } : momentsOf(length, (k) => original[at(k)]!);
    for (let k = 0; k < length; k++) {
      const pixel = Math.floor(k / 3);
      const [y, x, c] = [top + Math.floor(pixel / unit), left + (pixel % unit), k % 3];
      put(0, y, x, c, 0);
      put(1, y, x, c, answers[n * length + k]! * deviation + mean);
    }
  }
  return { width: total, data };
}

function momentsOf(count: number, value: (k: number) => number): { mean: number; deviation: number } {
  let [sum, squares] = [0, 0];
  for (let k = 0; k < count; k++) {
    sum += value(k);
    squares += value(k) ** 2;
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, (squares - count * mean * mean) / (count - 1)) + 1e-6) };
}
