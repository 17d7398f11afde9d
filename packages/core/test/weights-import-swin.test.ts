import { readFileSync } from 'node:fs';
import { hasShared, loadFixture, sharedPath, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import { encoderSpecs } from '../src/encoder/swin-specs.ts';
import { loadParameters } from '../src/weights/partial/index.ts';
import { readSafetensors, type TensorFile, writeSafetensors } from '../src/weights/safetensors/index.ts';
import { formatSwinImport, importSwin, type SwinImport, type SwinScheme } from '../src/weights/swin/index.ts';

const files: Readonly<Record<SwinScheme, string>> = { timm: 'timm', microsoft: 'ms', huggingFace: 'hf' };
const schemes = Object.keys(files) as SwinScheme[];

function read(scheme: SwinScheme): TensorFile {
  const path = sharedPath('fixtures', 'numerics', 'swin-micro', `weights.${files[scheme]}.safetensors`);
  return readSafetensors(readFileSync(path), { file: scheme });
}

/** The same file with keys removed, added or renamed. */
function edited(
  file: TensorFile,
  rename: (name: string) => string | null,
  add: Record<string, number[]> = {},
): TensorFile {
  const tensors = new Map(
    file.names.flatMap((name) => {
      const to = rename(name);
      return to === null ? [] : [[to, file.tensor(name)]];
    }),
  );
  for (const [name, shape] of Object.entries(add)) {
    tensors.set(name, { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape });
  }
  return readSafetensors(writeSafetensors(tensors), { file: 'edited' });
}

const keep = (name: string): string => name;

describe.skipIf(!hasShared)(`Swin import${hasShared ? '' : `: ${withoutShared}`}`, () => {
  const imports = new Map<SwinScheme, SwinImport>(hasShared ? schemes.map((s) => [s, importSwin(read(s))]) : []);

  it.each(schemes)('finds the scheme of %s and uses or explains every key', (scheme) => {
    const file = read(scheme);
    const { report } = imports.get(scheme)!;
    expect(report.scheme).toBe(scheme);
    expect(report.depths).toEqual([2, 2, 2, 2]);
    const used = report.renamed.flatMap(({ from }) => from);
    const accounted = [...used, ...report.ignored.map(({ name }) => name)];
    expect(accounted.toSorted()).toEqual(file.names.toSorted());
    expect(report.ignored.map(({ name }) => name).filter((name) => !/head|classifier|norm/.test(name))).toEqual([]);
    expect(report.ignored).toHaveLength(4);
    expect(report.absent).toEqual([]);
  });

  it('gives identical tensors from all three schemes', () => {
    const [timm, microsoft, huggingFace] = schemes.map((scheme) => imports.get(scheme)!);
    expect(microsoft!.names).toEqual(timm!.names);
    expect(huggingFace!.names).toEqual(timm!.names);
    expect(timm!.names).toHaveLength(4 + 8 * 13 + 3 * 3 + 4 * 2);
    for (const name of timm!.names) {
      const want = timm!.tensor(name);
      expect(microsoft!.tensor(name)).toEqual(want);
      expect(huggingFace!.tensor(name)).toEqual(want);
      expect(timm!.shape(name)).toEqual(want.shape);
    }
  });

  it('follows the name table of the fixture and transposes kernels', () => {
    const fixture = read('timm');
    const ours = imports.get('timm')!;
    const linear = fixture.tensor('layers.1.blocks.0.attn.qkv.weight');
    const kernel = ours.tensor('encoder.stages.1.blocks.0.attention.qkv.kernel');
    expect(kernel.shape).toEqual([16, 48]);
    expect(linear.shape).toEqual([48, 16]);
    for (let o = 0; o < 48; o++)
      for (let i = 0; i < 16; i++) expect(kernel.data[i * 48 + o]).toBe(linear.data[o * 16 + i]);
    const oihw = fixture.tensor('patch_embed.proj.weight');
    const hwio = ours.tensor('encoder.patchEmbed.kernel');
    expect(hwio.shape).toEqual([4, 4, 3, 8]);
    for (let o = 0; o < 8; o++) {
      for (let i = 0; i < 3; i++) {
        for (let p = 0; p < 16; p++) expect(hwio.data[(p * 3 + i) * 8 + o]).toBe(oihw.data[(o * 3 + i) * 16 + p]);
      }
    }
    const table = loadFixture('swin-micro', 'weights').manifest.names as { timm: string; ms: string; hf: string[] }[];
    for (const scheme of schemes) {
      const byName = new Map(imports.get(scheme)!.report.renamed.map(({ name, from }) => [name, from]));
      for (const { name, from } of imports.get('timm')!.report.renamed) {
        const row = table.find((entry) => entry.timm === from[0])!;
        expect(byName.get(name)).toEqual(scheme === 'timm' ? from : scheme === 'microsoft' ? [row.ms] : row.hf);
      }
    }
  });

  it('takes the last output norm from its own norm, or from the final norm on request or for want of another', () => {
    const file = read('timm');
    const name = 'encoder.outputNorms.3.gamma';
    expect(imports.get('timm')!.tensor(name).data).toEqual(file.tensor('norm3.weight').data);
    const classification = importSwin(file, { semantics: 'classification' });
    expect(classification.tensor(name).data).toEqual(file.tensor('norm.weight').data);
    expect(classification.report.ignored.map((entry) => entry.name)).toContain('norm3.bias');
    const classifier = importSwin(edited(file, (key) => (/^norm\d/.test(key) ? null : key)));
    expect(classifier.tensor(name).data).toEqual(file.tensor('norm.weight').data);
    expect(classifier.report.absent).toHaveLength(6);
    expect(formatSwinImport(classifier.report)).toMatch(/not in the file: encoder\.outputNorms\.0\.gamma/);
  });

  it('fills the encoder of a model completely, at another window too', async () => {
    const config = {
      embed: 8,
      depths: [2, 2, 2, 2],
      heads: [2, 2, 4, 4],
      window: 4,
      mlpRatio: 4,
      dropPath: 0,
      semantics: 'detection',
    } as const;
    for (const window of [4, 7]) {
      const specs = encoderSpecs({ ...config, window });
      const file = importSwin(read('huggingFace'), { window });
      const { report, values } = await loadParameters({ specs, current: {}, heads: {} }, file, { groups: ['encoder'] });
      expect([report.initialised, report.leftOver]).toEqual([[], []]);
      for (const [name, { shape }] of Object.entries(specs)) {
        expect(values.get(name)!.shape, name).toEqual(shape);
        expect(values.get(name)!.data.length).toBe(shape.reduce((a, b) => a * b, 1));
      }
    }
    // The tables of a file that was imported at its own window are resized when they are loaded, to the same numbers.
    const { report, values } = await loadParameters(
      { specs: encoderSpecs({ ...config, window: 7 }), current: {}, heads: {} },
      imports.get('timm')!,
    );
    expect(report.resized).toHaveLength(8);
    const direct = await loadParameters(
      { specs: encoderSpecs({ ...config, window: 7 }), current: {}, heads: {} },
      importSwin(read('timm'), { window: 7 }),
    );
    expect(values).toEqual(direct.values);
  });

  it('finds a prefix, leaves the rest of a detector behind, and drops derived tables', () => {
    const file = edited(read('microsoft'), (name) => `backbone.${name}`, {
      'neck.conv.weight': [2],
      'neck.position_embeddings': [2],
      'backbone.layers.0.blocks.1.attn_mask': [1],
      'backbone.layers.0.blocks.1.attn.relative_position_index': [1],
    });
    const { report, names } = importSwin(file);
    expect(report.prefix).toBe('backbone.');
    expect(names).toEqual(imports.get('timm')!.names);
    expect(report.ignored.map((entry) => entry.reason)).toEqual(
      expect.arrayContaining([
        "outside of the encoder, whose keys begin with 'backbone.'",
        'derived from window size and shift',
        'derived from the window size',
      ]),
    );
    const twice = edited(file, keep, { 'ema.patch_embed.proj.weight': [8, 3, 4, 4] });
    expect(() => importSwin(twice)).toThrow(/several encoders: 'backbone\.', 'ema\.'/);
    expect(importSwin(twice, { prefix: 'backbone.' }).names).toEqual(names);
  });

  it('resizes relative-position tables to another window, in all schemes alike', () => {
    const name = 'encoder.stages.2.blocks.1.attention.relativePositionTable';
    const resized = schemes.map((scheme) => importSwin(read(scheme), { window: 6 }));
    expect(resized[0]!.tensor(name).shape).toEqual([121, 4]);
    expect(resized[0]!.report.resized).toHaveLength(8);
    expect(resized[1]!.tensor(name)).toEqual(resized[0]!.tensor(name));
    expect(resized[2]!.tensor(name)).toEqual(resized[0]!.tensor(name));
    expect(formatSwinImport(resized[0]!.report)).toMatch(/8 relative-position tables resized, window 4 to 6/);
    expect(importSwin(read('timm'), { window: 4 }).report.resized).toEqual([]);
  });

  it.each<[string, Record<string, number[]>, RegExp]>([
    ['absolute positions', { absolute_pos_embed: [1, 4, 8] }, /absolute position embeddings/],
    ['Swin V2', { 'layers.0.blocks.0.attn.logit_scale': [2, 1, 1] }, /Swin V2/],
    ['a key it does not know', { 'layers.0.adapter.weight': [1] }, /'layers\.0\.adapter\.weight'.*does not know/],
    ['a table of no square window', { 'layers.0.blocks.0.attn.relative_position_bias_table': [48, 2] }, /48 rows/],
    ['a kernel of another rank', { 'layers.0.blocks.0.attn.qkv.weight': [24, 8, 1] }, /is not what 'linear' takes/],
  ])('refuses %s', (_, add, message) => {
    expect(() => importSwin(edited(read('timm'), keep, add))).toThrow(message);
  });

  it('refuses what is incomplete, not Swin, or read with the wrong table', () => {
    const timm = read('timm');
    const without = (part: string): TensorFile => edited(timm, (name) => (name.includes(part) ? null : name));
    expect(() => importSwin(without('blocks.1.attn.qkv.bias'))).toThrow(/lacks layers\.0\.blocks\.1\.attn\.qkv\.bias/);
    expect(() => importSwin(without('patch_embed.proj'))).toThrow(/no Swin patch embedding/);
    expect(() => importSwin(without('blocks'))).toThrow(/no Swin block/);
    expect(() => importSwin(timm, { scheme: 'microsoft' })).toThrow(/lacks layers\.0\.downsample/);
    expect(() => importSwin(timm, { scheme: 'huggingFace' })).toThrow(/no Swin patch embedding/);
    expect(() => importSwin(timm, { window: 0 })).toThrow(/window of 0/);
  });
});
