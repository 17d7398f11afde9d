import {
  addClassCosts,
  addGiouCosts,
  addL1Costs,
  applyLinear,
  type BoxXyxy,
  boxesToCorners,
  costMatrix,
  defineConfig,
  defineHead,
  field,
  giouLoss,
  type HeadInputs,
  type ImageMeta,
  type LossContext,
  type LossTerms,
  l1Loss,
  linearSpecs,
  type MetricSample,
  matchQueries,
  noObjectWeights,
  type Parameters,
  type QueryMatch,
  type Shape2D,
  softmaxRows,
  sumTerms,
  type TargetOf,
  weightedCrossEntropy,
} from '@glid/head-kit';
import { gatherRows } from '@glid/ops';
import { reshape, scalar, sigmoid, type Tensor2D, type Tensor3D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';

const targetFields = { boxes: { kind: 'boxes' }, classes: { kind: 'labels' } } as const;
type Target = TargetOf<typeof targetFields>;
type Raw = { logits: Tensor3D; boxes: Tensor3D };

export interface ToyDetection {
  readonly label: string;
  readonly score: number;
  readonly box: BoxXyxy;
}

/** Centre form in shares of the picture, from corners in input pixels. */
function normalised(target: Target, [height, width]: readonly [number, number]): Float32Array {
  const { data } = target.boxes;
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    out[i] = (data[i]! + data[i + 2]!) / 2 / width;
    out[i + 1] = (data[i + 1]! + data[i + 3]!) / 2 / height;
    out[i + 2] = (data[i + 2]! - data[i]!) / width;
    out[i + 3] = (data[i + 3]! - data[i + 1]!) / height;
  }
  return out;
}

function corners(boxes: ArrayLike<number>, at = 0, end = boxes.length): Float64Array {
  const out = new Float64Array(end - at);
  for (let i = 0; i < out.length; i += 4) {
    const [x, y, w, h] = [boxes[at + i]!, boxes[at + i + 1]!, boxes[at + i + 2]!, boxes[at + i + 3]!];
    out.set([x - w / 2, y - h / 2, x + w / 2, y + h / 2], i);
  }
  return out;
}

/** Boxes by set prediction, as DETR, without auxiliary losses. */
export const matched = defineHead({
  id: '@glid-test/head-matched',
  version: '1.0.0',
  task: 'object-detection',
  config: defineConfig({ labels: field.labels(), queries: field.integer({ min: 1, default: 6 }) }),
  build({ labels, queries }, { hiddenSize }) {
    const classes = labels.length;
    return {
      labels,
      queries: { count: queries, init: 'cls' as const },
      parameters: {
        ...linearSpecs('class', hiddenSize, classes + 1, { labelAxis: 'output' }),
        ...linearSpecs('box', hiddenSize, 4),
      },
      targetFields,

      doForward(parameters: Parameters, inputs: HeadInputs): Raw {
        const q = inputs.queries.at(-1)!;
        return {
          logits: applyLinear(parameters, 'class', q) as Tensor3D,
          boxes: sigmoid(applyLinear(parameters, 'box', q)) as Tensor3D,
        };
      },

      async doAssign(raw: Raw, targets: readonly Target[], { metas }: LossContext): Promise<QueryMatch[]> {
        const probabilities = softmaxRows(await raw.logits.data(), classes + 1);
        const boxes = await raw.boxes.data();
        return targets.map((target, b) => {
          const truth = normalised(target, metas[b]!.resizedSize);
          const costs = costMatrix(queries, target.classes.data.length);
          const width = queries * (classes + 1);
          addClassCosts(costs, 1, probabilities.subarray(b * width, (b + 1) * width), target.classes.data);
          addL1Costs(costs, 5, boxes.subarray(b * queries * 4, (b + 1) * queries * 4), truth);
          addGiouCosts(costs, 2, corners(boxes, b * queries * 4, (b + 1) * queries * 4), corners(truth));
          return matchQueries(costs);
        });
      },

      doLoss(raw: Raw, targets: readonly Target[], matches: readonly QueryMatch[], { metas }: LossContext): LossTerms {
        const wanted = new Int32Array(targets.length * queries).fill(classes);
        const rows: number[] = [];
        const truth: number[] = [];
        matches.forEach(({ queries: from, targets: to }, b) => {
          const boxes = normalised(targets[b]!, metas[b]!.resizedSize);
          from.forEach((q, k) => {
            wanted[b * queries + q] = targets[b]!.classes.data[to[k]!]!;
            rows.push(b * queries + q);
            truth.push(...boxes.subarray(to[k]! * 4, to[k]! * 4 + 4));
          });
        });
        const classLoss = weightedCrossEntropy(raw.logits, wanted, { classWeights: noObjectWeights(classes) });
        if (rows.length === 0) return sumTerms({ class: classLoss, box: scalar(0), giou: scalar(0) });
        const boxes = gatherRows(reshape(raw.boxes, [-1, 4]) as Tensor2D, tensor1d(rows, 'int32')) as Tensor2D;
        const truths = tensor2d(truth, [rows.length, 4]);
        return sumTerms(
          {
            class: classLoss,
            box: l1Loss(boxes, truths, rows.length),
            giou: giouLoss(boxesToCorners(boxes), boxesToCorners(truths), rows.length),
          },
          { box: 5, giou: 2 },
        );
      },

      async doPostprocess(
        raw: Raw,
        metas: readonly ImageMeta[],
        options: { threshold?: number } = {},
      ): Promise<ToyDetection[][]> {
        const probabilities = softmaxRows(await raw.logits.data(), classes + 1);
        const boxes = await raw.boxes.data();
        return metas.map((meta, b) => {
          const [height, width] = meta.originalSize;
          const place = meta.crop ?? { x: 0, y: 0, width, height };
          const found: ToyDetection[] = [];
          for (let q = b * queries; q < (b + 1) * queries; q++) {
            const scores = probabilities.subarray(q * (classes + 1), q * (classes + 1) + classes);
            const score = Math.max(...scores);
            if (score < (options.threshold ?? 0.5)) continue;
            const [x0, y0, x1, y1] = [...corners(boxes, q * 4, q * 4 + 4)].map((v) => Math.min(1, Math.max(0, v))) as [
              number,
              number,
              number,
              number,
            ];
            const [left, right] = meta.flippedHorizontally ? [1 - x1, 1 - x0] : [x0, x1];
            found.push({
              label: labels[scores.indexOf(score)]!,
              score,
              box: [
                place.x + left * place.width,
                place.y + y0 * place.height,
                place.x + right * place.width,
                place.y + y1 * place.height,
              ],
            });
          }
          return found;
        });
      },

      createMetrics() {
        let found = 0;
        let all = 0;
        const right = (a: BoxXyxy, b: BoxXyxy): boolean => a.every((v, k) => Math.abs(v - b[k]!) < 2);
        return {
          update(batch: readonly MetricSample<readonly ToyDetection[], Target>[]) {
            for (const { result, target } of batch) {
              target.classes.data.forEach((label, k) => {
                const box = [...target.boxes.data.subarray(k * 4, k * 4 + 4)] as unknown as BoxXyxy;
                all++;
                if (result.some((d) => d.label === labels[label] && right(d.box, box))) found++;
              });
            }
          },
          compute: () => ({ recall: found / all }),
          reset() {
            found = 0;
            all = 0;
          },
        };
      },
      primaryMetric: { name: 'recall', better: 'higher' as const },

      draw: (result: readonly ToyDetection[]): Shape2D[] =>
        result.map(({ box, label }) => ({ kind: 'box', xyxy: box, label })),
    };
  },
});
