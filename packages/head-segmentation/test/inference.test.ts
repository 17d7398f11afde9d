import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { decodeMask, Random } from '@glid/head-kit';
import { expectClose } from '@glid/test-utils';
import { enableProdMode, memory, setBackend, type Tensor3D, type Tensor4D, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SegmentationRaw } from '../src/forward.ts';
import { type SegmentationInput, segmentation } from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const context = { hiddenSize: 8, pixelStride: 4 } as const;
const big = 20;
const [h, w] = [4, 6];
const meta = { originalSize: [16, 24], resizedSize: [16, 24], inputSize: [16, 24] } as const;
const make = (input: SegmentationInput) => segmentation({ points: 16, ...input }, context);

/** Masks given as strings of 4 x 6 cells, `#` = set. */
function rawOf(masks: readonly string[], logits: readonly (readonly number[])[]): SegmentationRaw {
  const cells = masks.flatMap((mask) => Array.from(mask.replace(/\s/g, ''), (c) => (c === '#' ? big : -big)));
  return {
    'logits.0': tensor(logits.flat(), [1, masks.length, logits[0]!.length]) as Tensor3D,
    'masks.0': tensor(cells, [1, masks.length, h, w]) as Tensor4D,
  };
}

const left = '###... ###... ###... ###...';
const right = '...### ...### ...### ...###';
const top = '###### ###### ...... ......';
const corner = '##.... ##.... ...... ......';
const sure = (k: number, classes: number) => Array.from({ length: classes + 1 }, (_, i) => (i === k ? 12 : 0));

describe('panoptic inference', () => {
  const head = make({ mode: 'panoptic', labels: ['cat', 'sky'], things: ['cat'], queries: 4 });

  it('gives each pixel to the surest mask, numbers segments from 1, drops what loses its pixels', async () => {
    const raw = rawOf([left, right, corner, top], [sure(0, 2), sure(1, 2), [9.5, 0, 0], [0, 0, 12]]);
    const before = memory().numTensors;
    const panoptic = (await head.doPostprocess(raw, [meta]))[0]!.panoptic!;
    expect(memory().numTensors).toBe(before);
    // The corner lies inside the surer left mask and keeps nothing; the last query says "no object".
    expect(panoptic.segments.map(({ id, label, area }) => [id, label, area])).toEqual([
      [1, 'cat', 192],
      [2, 'sky', 192],
    ]);
    for (let y = 0; y < 16; y++) for (let x = 0; x < 24; x++) expect(panoptic.ids[y * 24 + x]).toBe(x < 12 ? 1 : 2);
  });

  it('makes one segment of two masks of one stuff class', async () => {
    const raw = rawOf([left, right, corner, top], [sure(1, 2), sure(1, 2), sure(2, 2), sure(2, 2)]);
    const panoptic = (await head.doPostprocess(raw, [meta]))[0]!.panoptic!;
    expect(panoptic.segments).toHaveLength(1);
    expect(panoptic.segments[0]!.area).toBe(384);
    expect(new Set(panoptic.ids)).toEqual(new Set([1]));
  });

  it('leaves everything void when no query is sure', async () => {
    const panoptic = (
      await head.doPostprocess(
        rawOf(
          [left, right, corner, top],
          [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
            [0, 0, 0],
          ],
        ),
        [meta],
      )
    )[0]!.panoptic!;
    expect(panoptic.segments).toEqual([]);
    expect(panoptic.ids.every((id) => id === 0)).toBe(true);
  });
});

describe('three inferences of one head', () => {
  it('come from the same masks in one call, each as it is alone', async () => {
    const head = make({ mode: 'panoptic', labels: ['cat', 'sky'], things: ['cat'], queries: 2 });
    const raw = rawOf([left, right], [sure(0, 2), sure(1, 2)]);
    const inferences = ['semantic', 'instance', 'panoptic'] as const;
    const before = memory().numTensors;
    const [all] = await head.doPostprocess(raw, [meta], { inferences });
    expect(memory().numTensors).toBe(before);
    for (let x = 0; x < 24; x++) {
      expect(all!.semantic!.data[x]).toBe(x < 12 ? 0 : 1);
      expect(all!.panoptic!.ids[x]).toBe(x < 12 ? 1 : 2);
    }
    // Stuff is no instance in a panoptic head.
    expect(new Set(all!.instances!.map(({ label }) => label))).toEqual(new Set(['cat']));
    for (const inference of inferences) {
      const [alone] = await head.doPostprocess(raw, [meta], { inferences: [inference] });
      const { size: _, ...part } = alone!;
      expect(all).toMatchObject(part);
      expect(Object.keys(part)).toHaveLength(1);
    }
  });
});

describe('instance inference', () => {
  it('ranks (query, class) pairs: a query may appear with two classes', async () => {
    const head = make({ mode: 'instance', labels: ['cat', 'dog'], queries: 2, maxInstances: 3 });
    const [found] = await head.doPostprocess(
      rawOf(
        [left, corner],
        [
          [3, 2, 0],
          [0, 5, 0],
        ],
      ),
      [meta],
    );
    expect(found!.instances!.map(({ label }) => label)).toEqual(['dog', 'cat', 'dog']);
    const e = Math.exp;
    const expected = [e(5) / (e(5) + 2), e(3) / (e(3) + e(2) + 1), e(2) / (e(3) + e(2) + 1)];
    // Bilinear upsampling softens the border, so certainty is a little below 1.
    found!.instances!.forEach(({ score }, i) => {
      expect(score).toBeGreaterThan(0.9 * expected[i]!);
      expect(score).toBeLessThan(expected[i]!);
    });
    const mask = decodeMask(found!.instances![1]!.mask);
    for (let y = 0; y < 16; y++) for (let x = 0; x < 24; x++) expect(mask[y * 24 + x]).toBe(x < 12 ? 1 : 0);
  });
});

describe('semantic inference', () => {
  it('adds up masks by class probability', async () => {
    const head = make({ mode: 'semantic', labels: ['road', 'sky'], queries: 2 });
    const semantic = (await head.doPostprocess(rawOf([left, right], [sure(0, 2), sure(1, 2)]), [meta]))[0]!.semantic;
    for (let y = 0; y < 16; y++) for (let x = 0; x < 24; x++) expect(semantic!.data[y * 24 + x]).toBe(x < 12 ? 0 : 1);
  });

  it('undoes a flip and fills outside of a crop with 255', async () => {
    const head = make({ mode: 'semantic', labels: ['road', 'sky'], queries: 2 });
    const part = {
      ...meta,
      originalSize: [20, 30],
      crop: { x: 4, y: 2, width: 24, height: 16 },
      flippedHorizontally: true,
    } as const;
    const semantic = (await head.doPostprocess(rawOf([left, right], [sure(0, 2), sure(1, 2)]), [part]))[0]!.semantic;
    const at = (x: number, y: number) => semantic!.data[y * 30 + x];
    expect([at(0, 0), at(3, 5), at(4, 2), at(15, 10), at(16, 10), at(27, 17), at(28, 10)]).toEqual([
      255, 255, 1, 1, 0, 0, 255,
    ]);
  });
});

describe('one query a class', () => {
  const head = make({ mode: 'semantic', labels: ['road', 'sky', 'tree'], matching: 'perClass' });

  it('asks for as many queries as labels and has no class layer', () => {
    expect(head.queries.count).toBe(3);
    expect(Object.keys(head.parameters)).toEqual(['embedding.kernel', 'embedding.bias']);
  });

  it('is a cross-entropy over known pixels; equal logits give ln K', async () => {
    const raw = { 'classes.0': tensor(new Float32Array(h * w * 3), [1, h, w, 3]) } as SegmentationRaw;
    const semantic = { data: Uint8Array.from({ length: 384 }, (_, i) => (i % 5 === 0 ? 255 : i % 3)), shape: [16, 24] };
    const { total } = head.doLoss(raw, [{ semantic }], null, {
      metas: [meta],
      random: new Random(0),
      meanOverRanks: async (n) => n,
    });
    expectClose(await total.data(), [Math.log(3)], 1e-6);
  });
});

describe('targets', () => {
  it('refuse a panoptic head without a list of things, and things that are no labels', () => {
    expect(() => make({ mode: 'panoptic', labels: ['a'] })).toThrow(/things/);
    expect(() => make({ mode: 'panoptic', labels: ['a'], things: ['b'] })).toThrow(/'b'/);
    expect(() => make({ mode: 'instance', labels: ['a'], matching: 'perClass' })).toThrow(/semantic/);
  });

  it('a loss with no targets is finite', async () => {
    const head = make({ mode: 'instance', labels: ['cat'], queries: 2 });
    const raw = rawOf(
      [left, right],
      [
        [1, 0],
        [0, 1],
      ],
    );
    const none = {
      masks: { data: new Uint8Array(0), shape: [0, 16, 24] },
      labels: { data: new Int32Array(0), shape: [0] },
      crowds: { data: new Int32Array(0), shape: [0] },
    };
    const lossContext = { metas: [meta], random: new Random(0), meanOverRanks: async (n: number) => n };
    const assignment = await head.doAssign!(raw, [none], lossContext);
    const { total } = head.doLoss(raw, [none], assignment, lossContext);
    expect(Number.isFinite((await total.data())[0]!)).toBe(true);
  });
});
