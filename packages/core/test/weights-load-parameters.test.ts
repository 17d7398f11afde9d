import { GlidError } from '@glid/base';
import type { HostArray, ParameterSpecs } from '@glid/head-kit';
import { enableProdMode, setBackend, tensor2d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CheckpointHead,
  fromBytes,
  type LoadParametersOptions,
  loadParameters,
  loadWeights,
  type ModelHead,
  type ParameterFile,
  type ParameterTable,
  saveWeights,
} from '../src/weights/index.ts';
import { resizeRelativePositionTable } from '../src/weights/swin/resize-table.ts';

enableProdMode();
const zeros = { kind: 'zeros' } as const;
const detection = '@glid/head-detection';

function array(shape: number[], start: number): HostArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => start + i), shape };
}

/** A model with a detection head `boxes`: class kernel [2, K+1], class bias [K+1] with a trailing no-object row. */
function modelWith(labels: string[], more: ParameterSpecs = {}, head: Partial<ModelHead> = {}): ParameterTable {
  const specs: ParameterSpecs = {
    'encoder.w': { shape: [2, 2], init: zeros },
    'neck.w': { shape: [3], init: zeros },
    'queries.boxes.embedding': { shape: [4, 2], init: zeros },
    'heads.boxes.class.kernel': { shape: [2, labels.length + 1], init: zeros, labelAxis: 1 },
    'heads.boxes.class.bias': { shape: [labels.length + 1], init: zeros, labelAxis: 0 },
    ...more,
  };
  const current = Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, array([...shape], -100)]));
  return { specs, current, heads: { boxes: { id: detection, version: '1.0.0', labels, ...head } } };
}

async function fileWith(
  labels: string[],
  more: Record<string, HostArray> = {},
  head: Partial<CheckpointHead> = {},
): Promise<ParameterFile> {
  const parameters = {
    'encoder.w': array([2, 2], 0),
    'neck.w': array([3], 10),
    'queries.boxes.embedding': array([4, 2], 20),
    'heads.boxes.class.kernel': array([2, labels.length + 1], 40),
    'heads.boxes.class.bias': array([labels.length + 1], 60),
    ...more,
  };
  const heads = [{ key: 'boxes', id: detection, version: '1.0.0', config: {}, labels, ...head }];
  const saved = await saveWeights(parameters, { metadata: { backbone: null, heads, provenance: null } });
  return loadWeights(fromBytes(saved.files[0]!.bytes));
}

async function refused(promise: Promise<unknown>): Promise<GlidError> {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!GlidError.isInstance(error)) throw new Error(`no GlidError but ${error}`);
  return error;
}

const load = async (to: ParameterTable, from: Promise<ParameterFile>, options?: LoadParametersOptions) =>
  loadParameters(to, await from, options);

describe('loadParameters', () => {
  it('loads everything when names, shapes and labels agree', async () => {
    const { values, report, text } = await load(modelWith(['cat', 'dog']), fileWith(['cat', 'dog']));
    expect(report.loaded).toHaveLength(5);
    expect([report.initialised, report.leftOver, report.mismatched]).toEqual([[], [], []]);
    expect(values.get('encoder.w')).toEqual(array([2, 2], 0));
    expect(values.get('heads.boxes.class.kernel')).toEqual(array([2, 3], 40));
    expect(text).toMatch(/5 parameters loaded/);
    expect(text).toMatch(/heads\.boxes {4}2 loaded, 0 new, 0 left over/);
  });

  it('matches class rows by label name on any axis and carries the no-object row over', async () => {
    expect(await setBackend('cpu')).toBe(true);
    const model = modelWith(['dog', 'bird']);
    const kernel = tensor2d([-1, -2, -3, -4, -5, -6], [2, 3]);
    const withTensor = { ...model, current: { ...model.current, 'heads.boxes.class.kernel': kernel } };
    const { values, report, text } = await load(withTensor, fileWith(['cat', 'dog', 'cow']));
    // File columns: cat 40, dog 41, cow 42, none 43; second row 44..47.
    expect([...values.get('heads.boxes.class.kernel')!.data]).toEqual([41, -2, 43, 45, -5, 47]);
    expect([...values.get('heads.boxes.class.bias')!.data]).toEqual([61, -99, 63]);
    expect(report.labels).toEqual({ boxes: { kept: ['dog'], added: ['bird'], dropped: ['cat', 'cow'] } });
    expect(text).toMatch(/labels of 'boxes': kept dog; new bird; dropped cat, cow/);
    expect([...(await kernel.data())]).toEqual([-1, -2, -3, -4, -5, -6]);
  });

  it('keeps every shared label for any two lists (brute force)', async () => {
    const labels = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', '__proto__'), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(labels, labels, async (to, from) => {
        const { values } = await load(modelWith(to), fileWith(from));
        const bias = [...values.get('heads.boxes.class.bias')!.data];
        const want = to.map((label, i) => (from.includes(label) ? 60 + from.indexOf(label) : -100 + i));
        expect(bias).toEqual([...want, 60 + from.length]);
      }),
      { numRuns: 40 },
    );
  });

  it('loads groups only, down to one head', async () => {
    const from = fileWith(['cat']);
    const encoder = await load(modelWith(['cat', 'dog']), from, { groups: ['encoder', 'neck'] });
    expect(encoder.report.loaded).toEqual(['encoder.w', 'neck.w']);
    expect(encoder.report.initialised).toHaveLength(3);
    expect(encoder.report.leftOver).toHaveLength(3);
    const head = await load(modelWith(['cat', 'dog']), from, { groups: ['heads.boxes'] });
    expect(head.report.loaded).toEqual(['heads.boxes.class.kernel', 'heads.boxes.class.bias']);
    const error = await refused(load(modelWith(['cat']), from, { groups: ['encoder', 'pretrain'] }));
    expect(error.code).toBe('GLID_CHECKPOINT');
    expect(error.message).toMatch(/group 'pretrain'.*encoder/);
  });

  it('names the package of a head that the model lacks, unless its group is not asked for', async () => {
    const extra = { 'heads.lanes.w': array([1], 0) };
    const from = fileWith(['cat'], extra, { key: 'lanes', id: '@acme/glid-head-lanes', version: '1.4.0' });
    const error = await refused(load(modelWith(['cat']), from));
    expect(error.code).toBe('GLID_CHECKPOINT_HEAD_UNKNOWN');
    expect(error.message).toContain('npm i @acme/glid-head-lanes@^1.4.0');
    expect(error.details).toMatchObject({ key: 'lanes', id: '@acme/glid-head-lanes' });
    await expect(load(modelWith(['cat']), from, { groups: ['encoder'] })).resolves.toBeDefined();
    const other = fileWith(['cat'], {}, { id: '@acme/other' });
    expect((await refused(load(modelWith(['cat']), other))).message).toMatch(
      /has '@glid\/head-detection' under that key/,
    );
  });

  it('refuses other shapes with both shapes, or skips them on request', async () => {
    const from = fileWith(['cat'], { 'queries.boxes.embedding': array([6, 2], 0), 'neck.w': array([4], 0) });
    const error = await refused(load(modelWith(['cat']), from));
    expect(error.code).toBe('GLID_CHECKPOINT_SHAPE');
    expect(error.message).toMatch(/'neck\.w' is \[4\] in the file and \[3\] in the model \(and 1 more\)/);
    expect(error.details.mismatched).toHaveLength(2);
    const { report, text } = await load(modelWith(['cat']), from, { mismatch: 'skip' });
    expect(report.mismatched.map(({ name }) => name)).toEqual(['neck.w', 'queries.boxes.embedding']);
    expect(report.initialised).toEqual(['neck.w', 'queries.boxes.embedding']);
    expect(report.leftOver.toSorted()).toEqual(['neck.w', 'queries.boxes.embedding']);
    expect(text).toMatch(/not loaded: neck\.w is \[4\] in the file, \[3\] here/);
  });

  it('refuses class axes that do not fit their labels: another surplus, another width', async () => {
    const surplus = fileWith(['cat'], { 'heads.boxes.class.bias': array([1], 0) });
    const error = await refused(load(modelWith(['cat']), surplus));
    expect(error.details.mismatched).toEqual([
      { name: 'heads.boxes.class.bias', fileShape: [1], modelShape: [2], labelAxis: true },
    ]);
    const wide = fileWith(['cat'], { 'heads.boxes.class.kernel': array([3, 2], 0) });
    expect((await refused(load(modelWith(['cat']), wide))).code).toBe('GLID_CHECKPOINT_SHAPE');
  });

  it('interpolates relative-position tables of another window, and those alone', async () => {
    const name = 'encoder.stages.0.blocks.0.attention.relativePositionTable';
    const table = array([9, 2], 100); // window 2
    const model = (rows: number, heads = 2): ParameterTable =>
      modelWith(['cat'], { [name]: { shape: [rows, heads], init: zeros } });
    const { values, report, text } = await load(model(25), fileWith(['cat'], { [name]: table }));
    expect(values.get(name)).toEqual({
      data: resizeRelativePositionTable(table.data as Float32Array, 2, 2, 3),
      shape: [25, 2],
    });
    expect(report.resized).toEqual([{ name, from: 2, to: 3 }]);
    expect(report.loaded).toContain(name);
    expect(text).toMatch(/1 position tables? interpolated from window 2 to 3/);
    const same = await load(model(9), fileWith(['cat'], { [name]: table }));
    expect(same.report.resized).toEqual([]);
    for (const odd of [model(24), model(25, 3)]) {
      const error = await refused(load(odd, fileWith(['cat'], { [name]: table })));
      expect(error.code).toBe('GLID_CHECKPOINT_SHAPE');
    }
  });

  it('applies the head migration of names for files of another release only', async () => {
    const migrateParameterName = (name: string, from: string): string | null => {
      expect(from).toBe('0.9.0');
      return name === 'old' ? 'fresh' : name === 'gone' ? null : name;
    };
    const model = modelWith(['cat'], { 'heads.boxes.fresh': { shape: [2], init: zeros } }, { migrateParameterName });
    const extra = { 'heads.boxes.old': array([2], 5), 'heads.boxes.gone': array([7], 0) };
    const { report, values } = await load(model, fileWith(['cat'], extra, { version: '0.9.0' }));
    expect(values.get('heads.boxes.fresh')).toEqual(array([2], 5));
    expect(report.leftOver).toEqual(['heads.boxes.gone']);
    const same = await load(model, fileWith(['cat'], extra));
    expect(same.report.initialised).toEqual(['heads.boxes.fresh']);
  });

  it('reports what is new and left over, refuses integers, and loads files without heads', async () => {
    const model = modelWith(['cat'], { 'decoder.w': { shape: [1], init: zeros } });
    const { report } = await load(model, fileWith(['cat'], { 'pretrain.w': array([1], 0) }));
    expect(report.initialised).toEqual(['decoder.w']);
    expect(report.leftOver).toEqual(['pretrain.w']);
    const integers = fileWith(['cat'], { 'neck.w': { data: Int32Array.of(1, 2, 3), shape: [3] } });
    expect((await refused(load(model, integers))).message).toMatch(/'neck\.w': it holds integers/);
    const { about: _, ...bare } = await fileWith(['cat']);
    const plain = await loadParameters(model, bare, { groups: ['encoder'] });
    expect(plain.report.loaded).toEqual(['encoder.w']);
  });
});
