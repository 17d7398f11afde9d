import { expectFixture, type Fixture, loadFixture } from '@glid/test-utils';
import {
  add,
  batchNorm,
  grads,
  mul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { fuseCell, type MapNorm } from '../../src/neck/bi-fpn.ts';
import { fusionNodes } from '../../src/neck/fusion-nodes.ts';
import { nhwc } from './swin-weights.ts';

/** One published Bi-FPN cell on the active backend: maps and, where it can train, gradients. */
export function biFpnCases(trains: boolean): void {
  it.each(['swin4-same-ch', 'swin4to5-odd'])(`Bi-FPN, maps${trains ? ' and gradients' : ''}: %s`, async (name) => {
    const { fixture, levels, weights, features } = cell(name);
    const run = (record: Record<string, Tensor>, maps: readonly Tensor4D[]): readonly Tensor4D[] => {
      const live = { ...weights, ...record };
      return fuseCell(live, '', maps, batchNormWith(live, fixture));
    };
    const outputs = run({}, features);
    for (let level = 0; level < levels; level++) {
      expectFixture(await transpose(outputs[level]!, [0, 3, 1, 2]).data(), fixture.tensor(`out.${level}`));
    }
    if (!trains) return;
    const trained = Object.keys(weights).filter((key) => !key.includes('running'));
    const cotangents = outputs.map((_, i) => nhwc(fixture, `cotangent.${i}`));
    const found = grads((...values: Tensor[]) => {
      const record = Object.fromEntries(trained.map((key, i) => [key, values[i]!]));
      const out = run(record, values.slice(trained.length) as Tensor4D[]);
      return out.map((map, i) => sum(mul(map, cotangents[i]!))).reduce((a, b) => add(a, b)) as Scalar;
    })([...trained.map((key) => weights[key]!), ...features]);
    let compared = 0;
    for (const key of fixture.names.filter((n) => n.startsWith('grad:'))) {
      const expected = fixture.tensor(key);
      const theirs = key.slice(5);
      const feature = /^feat\.(\d)$/.exec(theirs);
      // A fifth level is made of the last map by layers that are not the cell's.
      if (levels > 4 && (theirs === 'feat.3' || theirs.startsWith('resample.'))) continue;
      const ours = feature ? null : ourName(theirs, levels)!;
      const gradient = feature ? found[trained.length + Number(feature[1])]! : found[trained.indexOf(ours!)]!;
      const want = feature ? nhwc(fixture, key) : ourLayout(ours!, expected.data as Float32Array, expected.shape);
      expectFixture(await gradient.data(), { ...expected, data: (await want.data()) as Float32Array });
      compared++;
    }
    expect(compared).toBeGreaterThan(30);
  });

  // TensorFlow pads the maximum of the bottom-up way on one side only, which is not done here; the top-down way has no maximum.
  it('Bi-FPN, the top-down way of a cell over five levels of odd sizes: tf-same', async () => {
    const { fixture, weights, features } = cell('tf-same');
    const [finest] = fuseCell(weights, '', features, batchNormWith(weights, fixture));
    expectFixture(await transpose(finest!, [0, 3, 1, 2]).data(), fixture.tensor('out.0'));
  });
}

function cell(name: string): {
  readonly fixture: Fixture;
  readonly levels: number;
  readonly weights: Record<string, Tensor>;
  readonly features: readonly Tensor4D[];
} {
  const fixture = loadFixture('bifpn', name);
  const levels = fixture.config.max_level - fixture.config.min_level + 1;
  const weights: Record<string, Tensor> = {};
  for (const theirs of fixture.names) {
    const { role, data, shape } = fixture.tensor(theirs);
    const ours = role === 'param' ? ourName(theirs, levels) : null;
    if (ours) weights[ours] = ourLayout(ours, data as Float32Array, shape);
    // Their convolution without a bias is ours with a bias of zero.
    const kernel = /^(.*pointwise)\.kernel$/.exec(ours ?? '');
    if (kernel && !(`${kernel[1]}.bias` in weights)) {
      weights[`${kernel[1]}.bias`] = tensor(new Float32Array(fixture.config.fpn_channels));
    }
  }
  const given: number = fixture.config.in_chs.length;
  const features = Array.from({ length: levels }, (_, i) =>
    nhwc(fixture, i < given ? `feat.${i}` : `resampled.${i}`),
  ) as Tensor4D[];
  return { fixture, levels, weights, features };
}

/** Our name of a weight of the reference's single cell; null for the layers that make extra levels. */
function ourName(theirs: string, levels: number): string | null {
  const match = /^cell\.0\.fnode\.(\d+)\.(.*)$/.exec(theirs);
  if (!match) return null;
  const node = fusionNodes(levels)[Number(match[1])]!.name;
  return `${node}.${match[2]!
    .replace('combine.edge_weights', 'weights')
    .replace(/combine\.resample\.(\d+)\.conv\.conv/, 'inputs.$1.projection')
    .replace(/combine\.resample\.(\d+)\.conv\.bn/, 'inputs.$1.norm')
    .replace('after_combine.conv.conv_dw', 'depthwise')
    .replace('after_combine.conv.conv_pw', 'pointwise')
    .replace('after_combine.conv.bn', 'norm')
    .replace(/norm\.weight$/, 'norm.gamma')
    .replace(/norm\.bias$/, 'norm.beta')
    .replace(/(projection|depthwise|pointwise)\.weight$/, '$1.kernel')}`;
}

function ourLayout(name: string, data: Float32Array, shape: readonly number[]): Tensor {
  const theirs = tensor(data, [...shape]);
  if (name.includes('depthwise')) return transpose(theirs, [2, 3, 0, 1]);
  if (shape.length === 4) return transpose(tensor(data, [shape[0]!, shape[1]!]));
  return theirs;
}

/** The reference normalises by batch statistics of a trained network. */
function batchNormWith(weights: Record<string, Tensor>, fixture: Fixture): MapNorm {
  return (x, name) => {
    const at = (key: string): Tensor1D => weights[`${name}.${key}`] as Tensor1D;
    if (!(`${name}.gamma` in weights)) return x;
    return batchNorm(
      x,
      at('running_mean'),
      at('running_var'),
      at('beta'),
      at('gamma'),
      fixture.config.bn_eps,
    ) as Tensor4D;
  };
}
