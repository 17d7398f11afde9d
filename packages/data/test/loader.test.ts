import { MessageChannel, Worker } from 'node:worker_threads';
import { type Dataset, dataError, type SceneRecord } from '@glid/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchPositions,
  keepInMemory,
  type LoadedBatch,
  type LoadOptions,
  loadBatches,
  randomCrop,
  randomFlip,
  receiveBatches,
  sampleOrder,
  serveBatches,
  syntheticScenes,
  type TargetSource,
} from '../src/index.ts';

/** Pictures of one colour, the record's number; some cannot be read. */
function numbered(length: number, broken: readonly number[] = []): Dataset {
  return {
    name: 'numbered',
    length,
    labels: [],
    async get(index): Promise<SceneRecord> {
      return {
        id: `${index}`,
        source: `${index}.png`,
        async image() {
          if (broken.includes(index)) throw dataError({ source: `${index}.png` }, 'broken.', 'Replace it.');
          return { width: 8, height: 8, data: new Uint8Array(192).fill(index) };
        },
      };
    },
  };
}

async function collect(options: LoadOptions, batches = Number.POSITIVE_INFINITY): Promise<LoadedBatch[]> {
  const all: LoadedBatch[] = [];
  if (batches === 0) return all;
  for await (const batch of loadBatches(options)) {
    all.push(batch);
    if (all.length === batches) break;
  }
  return all;
}

const indicesOf = (batches: readonly LoadedBatch[]): number[] => batches.flatMap(({ indices }) => indices);

describe('sampleOrder', () => {
  it('shows every sample once an epoch, in another order each time, over any number of ranks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(99),
        (length, world, batchSize, seed) => {
          const order = sampleOrder({ length, seed });
          const seen: number[] = [];
          const steps = Math.ceil((3 * length) / (world * batchSize));
          for (let step = 0; step < steps; step++) {
            for (let rank = 0; rank < world; rank++) {
              // Every rank has its own copy, as in a real run.
              for (const p of batchPositions(step, { batchSize, rank, world }))
                seen.push(sampleOrder({ length, seed })(p).index);
            }
          }
          for (let epoch = 0; epoch < 3; epoch++) {
            const part = seen.slice(epoch * length, (epoch + 1) * length);
            expect([...part].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
            expect(order(epoch * length)).toEqual({ epoch, index: part[0] });
          }
        },
      ),
      { numRuns: 40 },
    );
    const order = sampleOrder({ length: 50, seed: 1 });
    const epoch = (e: number): number[] => Array.from({ length: 50 }, (_, i) => order(e * 50 + i).index);
    expect(epoch(0)).not.toEqual(epoch(1));
    expect(epoch(0)).toEqual(epoch(0));
  });
});

describe('loadBatches', () => {
  it('goes on from any position exactly', async () => {
    const options = { dataset: numbered(23), batchSize: 4, seed: 5 };
    const whole = await collect(options, 12);
    for (const cut of [1, 5, 9]) {
      const rest = await collect({ ...options, start: whole[cut - 1]!.seen }, 12 - cut);
      expect(rest).toEqual(whole.slice(cut));
    }
  });

  it('gives two ranks together what one process with the doubled batch sees', async () => {
    const dataset = numbered(30);
    const one = await collect({ dataset, batchSize: 6, seed: 2 }, 7);
    const ranks = await Promise.all(
      [0, 1].map((rank) => collect({ dataset, batchSize: 3, seed: 2, rank, world: 2 }, 7)),
    );
    for (let s = 0; s < 7; s++) {
      expect([...ranks[0]![s]!.indices, ...ranks[1]![s]!.indices]).toEqual(one[s]!.indices);
      expect(ranks[0]![s]!.seen).toBe(one[s]!.seen);
    }
  });

  it('augments a sample alike whatever the batch size and prefetch depth', async () => {
    const dataset = syntheticScenes({ length: 6, size: 48 });
    const pipeline = [randomFlip(), randomCrop([32, 32])];
    const small = await collect({ dataset, pipeline, batchSize: 1, prefetch: 0, epochs: 2 });
    const large = await collect({ dataset, pipeline, batchSize: 6, prefetch: 4, epochs: 2 });
    const joined = small.flatMap(({ images }) => [...images.data]);
    expect(joined).toEqual(large.flatMap(({ images }) => [...images.data]));
    expect(small.length).toBe(12);
  });

  it('ends after the asked epochs with a smaller last batch', async () => {
    const batches = await collect({ dataset: numbered(10), batchSize: 4, epochs: 1, shuffle: false });
    expect(batches.map(({ indices }) => indices)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(batches.map(({ seen }) => seen)).toEqual([4, 8, 10]);
  });

  it('replaces unreadable records while shuffling, leaves them out otherwise, and counts both', async () => {
    const dataset = numbered(12, [3, 4]);
    const shuffled = await collect({ dataset, batchSize: 4, epochs: 1 });
    expect(indicesOf(shuffled).length).toBe(12);
    expect(indicesOf(shuffled).some((index) => index === 3 || index === 4)).toBe(false);
    expect(
      shuffled
        .at(-1)!
        .skipped.map(({ index }) => index)
        .sort(),
    ).toEqual([3, 4]);
    const plain = await collect({ dataset, batchSize: 4, epochs: 1, shuffle: false });
    expect(indicesOf(plain)).toEqual([0, 1, 2, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('stops at the first unreadable record or beyond the limit when told so', async () => {
    const dataset = numbered(12, [3, 4, 5]);
    await expect(collect({ dataset, batchSize: 4, epochs: 1, onUnreadable: 'stop' })).rejects.toThrowError(
      /png: broken/,
    );
    await expect(collect({ dataset, batchSize: 4, epochs: 1, maxSkipped: 2 })).rejects.toThrowError(
      /More than 2 records/,
    );
    await expect(collect({ dataset, batchSize: 4, epochs: 1, maxSkipped: 1 })).rejects.toThrowError(
      /More than 1 record cannot be read\. The first: [^|]+ \| .*[^.]\. Repair/s,
    );
  });

  it('does not take a programming error for bad data', async () => {
    const source: TargetSource = {
      targetFields: { whole: { kind: 'value' } },
      targetsFrom: () => Promise.reject(new TypeError('a bug')),
    };
    await expect(collect({ dataset: numbered(4), sources: { own: source }, batchSize: 2 }, 1)).rejects.toThrowError(
      TypeError,
    );
  });

  it('makes only a bounded number of batches ahead', async () => {
    let asked = 0;
    const dataset = numbered(100);
    const counting: Dataset = {
      ...dataset,
      get: (index) => {
        asked++;
        return dataset.get(index);
      },
    };
    const iterator = loadBatches({ dataset: counting, batchSize: 5, prefetch: 3 });
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBeLessThanOrEqual(20);
    await iterator.return();
  });

  it('heeds the abort signal', async () => {
    const controller = new AbortController();
    const iterator = loadBatches({ dataset: numbered(10), batchSize: 2, signal: controller.signal });
    await iterator.next();
    controller.abort();
    await expect(iterator.next()).rejects.toMatchObject({ code: 'GLID_ABORTED' });
  });

  it('pads to the largest picture, normalises, and keeps the groups of two sources apart', async () => {
    const image = (side: number) => async () => ({ width: side, height: 4, data: new Uint8Array(side * 12).fill(255) });
    const dataset: Dataset = {
      name: 'two',
      length: 2,
      labels: [],
      get: async (index) => ({ id: `${index}`, source: '', image: image(index === 0 ? 6 : 4) }),
    };
    const boxes = (count: number): TargetSource => ({
      targetFields: { boxes: { kind: 'boxes' }, classes: { kind: 'map', interpolation: 'nearest', ignore: 255 } },
      targetsFrom: async (record) => {
        const { width } = await record.image();
        return {
          boxes: { data: new Float32Array(count * 4).fill(1), shape: [count, 4] },
          classes: { data: new Int32Array(width * 4), shape: [4, width] },
        };
      },
    });
    const [batch] = await collect({
      dataset,
      sources: { a: boxes(1), b: boxes(3) },
      batchSize: 2,
      shuffle: false,
      epochs: 1,
      collate: { divisor: 4 },
    });
    expect(batch!.images.shape).toEqual([2, 4, 8, 3]);
    expect(batch!.images.data[0]).toBeCloseTo((1 - 0.485) / 0.229, 6);
    expect(batch!.images.data[4 * 8 * 3 + 4 * 3]).toBe(0);
    expect(batch!.metas[1]).toMatchObject({ resizedSize: [4, 4], inputSize: [4, 8], originalSize: [4, 4] });
    expect(batch!.targets.a![0]!.boxes!.shape).toEqual([1, 4]);
    expect(batch!.targets.b![0]!.boxes!.shape).toEqual([3, 4]);
    expect([...batch!.targets.a![1]!.classes!.data].filter((v) => v === 255).length).toBe(16);
    expect(batch!.targets.a![1]!.classes!.shape).toEqual([4, 8]);
  });
});

describe('keepInMemory', () => {
  it('reads each kept record once and tries failures again', async () => {
    let reads = 0;
    const inner = numbered(5);
    const counting: Dataset = {
      ...inner,
      async get(index) {
        const record = await inner.get(index);
        return {
          ...record,
          async image() {
            if (reads++ === 0) throw dataError({ source: 'x' }, 'busy.', 'Try again.');
            return record.image();
          },
        };
      },
    };
    const kept = keepInMemory(counting, 2);
    await expect((await kept.get(0)).image()).rejects.toThrowError(/busy/);
    for (let pass = 0; pass < 3; pass++) for (const index of [0, 1, 2]) await (await kept.get(index)).image();
    // One failure, records 0 and 1 once each, record 2 every time.
    expect(reads).toBe(1 + 2 + 3);
  });
});

describe('batches from workers', () => {
  const options = (part: number, of: number): LoadOptions => ({
    dataset: numbered(21, [6]),
    batchSize: 4,
    seed: 3,
    epochs: 2,
    share: { part, of },
  });

  it.each([1, 2, 3])('over %i ports are those of one loader', async (of) => {
    const channels = Array.from({ length: of }, () => new MessageChannel());
    for (const [part, { port2 }] of channels.entries()) serveBatches(port2, options(part, of));
    const received: LoadedBatch[] = [];
    for await (const batch of receiveBatches(channels.map(({ port1 }) => port1))) received.push(batch);
    const direct = await collect(options(0, 1));
    const plain = ({ images, indices, seen, epoch, metas }: LoadedBatch) => ({ images, indices, seen, epoch, metas });
    expect(received.map(plain)).toEqual(direct.map(plain));
    const { error, index } = received.at(-1)!.skipped[0]!;
    expect(index).toBe(6);
    expect(error).toMatchObject({ code: 'GLID_DATA', message: '6.png: broken. Replace it.', fix: 'Replace it.' });
    for (const { port1 } of channels) port1.close();
  });

  it('carry errors over, and notice the death of a worker', async () => {
    const { port1, port2 } = new MessageChannel();
    serveBatches(port2, { ...options(0, 1), onUnreadable: 'stop', shuffle: false });
    const take = async (): Promise<void> => {
      for await (const _ of receiveBatches([port1]));
    };
    await expect(take()).rejects.toMatchObject({ code: 'GLID_DATA', fix: 'Replace it.' });
    port1.close();
    const worker = new Worker('process.exit(3)', { eval: true });
    await expect(receiveBatches([worker]).next()).rejects.toMatchObject({ code: 'GLID_IO' });
  });
});
