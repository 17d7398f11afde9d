import { GlidError } from '@glid/base';
import type { HostArray } from '@glid/head-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from './read.ts';
import { writeSafetensors } from './write.ts';

function build(header: string | object, data: Uint8Array | number = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const out = new Uint8Array(8 + json.length + body.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(body, 8 + json.length);
  return out;
}

function refusal(bytes: Uint8Array): GlidError {
  try {
    readSafetensors(bytes, { file: 'x.safetensors' });
  } catch (error) {
    if (GlidError.isInstance(error, 'GLID_CHECKPOINT')) return error;
    throw error;
  }
  throw new Error('was accepted');
}

const f32 = (shape: number[], from: number, to: number): object => ({ dtype: 'F32', shape, data_offsets: [from, to] });

describe('a header is refused when', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['the file is too short', new Uint8Array(7), /too few/],
    ['its length is beyond the file', new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0, 123]), /claims 9 bytes/],
    ['its length is beyond the limit', new Uint8Array([0, 0, 0, 0, 1, 0, 0, 0]), /exceeds the limit/],
    ['its length is beyond 2^53', new Uint8Array(8).fill(255), /exceeds the limit/],
    ['it is not JSON', build('{"a":'), /not JSON/],
    ['it is an array', build('[]'), /begin with/],
    ['it starts with blanks', build(' {}'), /begin with/],
    ['it is not UTF-8', build('{"a":1}').fill(0xff, 10, 11), /not UTF-8/],
    ['a key repeats', build('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{}}', 4), /twice/],
    ['an entry is null', build({ a: null }), /not an object/],
    ['an entry has another field', build({ a: { ...f32([1], 0, 4), code: 1 } }, 4), /unknown field 'code'/],
    ['a type is unknown', build({ a: { dtype: 'F4', shape: [1], data_offsets: [0, 1] } }, 1), /F4/],
    ['a type is not text', build({ a: { dtype: [[]], shape: [1], data_offsets: [0, 1] } }, 1), /element type/],
    ['a size is negative', build({ a: f32([-1], 0, 4) }, 4), /list of sizes/],
    ['a size is a fraction', build({ a: f32([0.5], 0, 2) }, 2), /list of sizes/],
    ['the rank is absurd', build({ a: f32([1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 4) }, 4), /list of sizes/],
    ['sizes overflow', build({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /takes/],
    ['offsets are three', build({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 2] } }, 2), /two byte offsets/],
    ['offsets run backwards', build({ a: f32([1], 4, 0) }, 4), /before it starts/],
    ['data lies outside', build({ a: f32([2], 0, 8) }, 4), /ends at byte/],
    ['a length is wrong', build({ a: f32([2], 0, 4) }, 4), /takes 8 bytes/],
    ['tensors overlap', build({ a: f32([1], 0, 4), b: f32([1], 2, 6) }, 6), /overlaps/],
    ['there is a gap', build({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /belong to no tensor/],
    ['bytes are left at the end', build({ a: f32([1], 0, 4) }, 5), /1 bytes at the end/],
    ['a name reaches for a prototype', build('{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), /name/],
    ['a segment does', build({ 'heads.constructor.x': f32([1], 0, 4) }, 4), /name/],
    ['a name has control characters', build({ '\u001b[31m': f32([1], 0, 4) }, 4), /\\u001b.*name/],
    ['a name is empty', build({ '': f32([1], 0, 4) }, 4), /name/],
    ['metadata is not text', build({ __metadata__: { a: 1 } }), /not a string/],
    ['metadata is a list', build({ __metadata__: [] }), /not an object/],
  ])('%s', (_, bytes, message) => {
    const error = refusal(bytes);
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({ file: 'x.safetensors' });
    expect(typeof error.details.reason).toBe('string');
    expect(error.message.endsWith(error.fix)).toBe(true);
  });
});

describe('files of other kinds are named, with what to do', () => {
  it.each<[string, string, RegExp]>([
    ['a zipped PyTorch file', 'PK\x03\x04archive/data.pkl', /PyTorch pickle.*save_file/],
    ['an old PyTorch file', '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', /PyTorch pickle/],
    ['a web page', '<!DOCTYPE html><html>', /web page.*raw file/],
    ['a web page after blanks', '\n\n  <html lang="en">', /web page/],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
    ['an HDF5 file', '\x89HDF\r\n\x1a\n', /HDF5/],
    ['a GGUF file', 'GGUF\x03\x00\x00\x00\x01\x00', /GGUF/],
  ])('%s', (_, text, message) => {
    expect(refusal(Uint8Array.from(text, (c) => c.charCodeAt(0))).message).toMatch(message);
  });
});

describe('reading', () => {
  it('decodes every element type', () => {
    const body = new Uint8Array(64);
    const view = new DataView(body.buffer);
    view.setFloat64(0, 1.5, true);
    view.setBigInt64(8, -7n, true);
    view.setBigUint64(16, 9n, true);
    view.setFloat32(24, -0.25, true);
    view.setInt32(28, -70000, true);
    view.setUint32(32, 70000, true);
    view.setUint16(36, 0x3c00, true);
    view.setUint16(38, 0x3f80, true);
    view.setInt16(40, -300, true);
    view.setUint16(42, 60000, true);
    view.setInt8(44, -3);
    view.setUint8(45, 200);
    view.setUint8(46, 1);
    const types = ['F64', 'I64', 'U64', 'F32', 'I32', 'U32', 'F16', 'BF16', 'I16', 'U16', 'I8', 'U8', 'BOOL'];
    const sizes = [8, 8, 8, 4, 4, 4, 2, 2, 2, 2, 1, 1, 1];
    const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b));
    const header = Object.fromEntries(
      types.map((dtype, i) => [dtype, { dtype, shape: [1], data_offsets: [ends[i]! - sizes[i]!, ends[i]] }]),
    );
    const file = readSafetensors(build(header, body.subarray(0, ends.at(-1))));
    expect(types.map((type) => file.tensor(type).data[0])).toEqual([
      1.5, -7, 9, -0.25, -70000, 70000, 1, 1, -300, 60000, -3, 200, 1,
    ]);
    expect(file.tensor('F16').data).toBeInstanceOf(Float32Array);
    expect(file.tensor('I64').data).toBeInstanceOf(Int32Array);
    expect(file.tensor('BOOL').data).toBeInstanceOf(Uint8Array);
  });

  it('reads tensors at awkward offsets, scalars and empty tensors', () => {
    const body = new Uint8Array(9);
    new DataView(body.buffer).setFloat32(1, 3, true);
    new DataView(body.buffer).setFloat32(5, 4, true);
    const header = {
      byte: { dtype: 'U8', shape: [], data_offsets: [0, 1] },
      none: f32([0, 3], 1, 1),
      pair: f32([2], 1, 9),
    };
    const file = readSafetensors(build(header, body));
    expect(file.tensor('pair').data).toEqual(Float32Array.of(3, 4));
    expect(file.tensor('none')).toEqual({ data: new Float32Array(0), shape: [0, 3] });
    expect(file.shape('byte')).toEqual([]);
    expect(() => file.tensor('other')).toThrow(/no such tensor/);
  });

  it('refuses non-finite weights and integers beyond 32 bits when they are decoded', () => {
    const body = new Uint8Array(12);
    new DataView(body.buffer).setFloat32(0, Number.NaN, true);
    new DataView(body.buffer).setBigInt64(4, 2n ** 40n, true);
    const bytes = build({ w: f32([1], 0, 4), n: { dtype: 'I64', shape: [1], data_offsets: [4, 12] } }, body);
    expect(() => readSafetensors(bytes).tensor('w')).toThrow(/'w': element 0 is NaN/);
    expect(() => readSafetensors(bytes).tensor('n')).toThrow(/does not fit 32 bits/);
    expect(readSafetensors(bytes, { nonFinite: 'allow' }).tensor('w').data[0]).toBeNaN();
  });
});

const name = fc.stringMatching(/^[a-z0-9]{1,6}(\.[a-z0-9]{1,6}){0,3}$/);
const tensor: fc.Arbitrary<HostArray> = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), fc.constantFrom('f', 'i', 'u'), fc.nat())
  .map(([shape, kind, seed]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: size }, (_, i) => ((seed % 1000) + i * 37) % 251);
    const data =
      kind === 'f'
        ? Float32Array.from(values, (v) => v / 8 - 3)
        : kind === 'i'
          ? Int32Array.from(values, (v) => v - 99)
          : Uint8Array.from(values);
    return { data, shape };
  });
const tensors = fc.dictionary(name, tensor, { maxKeys: 8 }).map((record) => new Map(Object.entries(record)));

describe('writing', () => {
  it('round-trips in all three storages what they can hold, aligned, in any insertion order', () => {
    fc.assert(
      fc.property(tensors, fc.constantFrom('f32', 'f16', 'bf16'), (map, storage) => {
        const metadata = new Map([['note', 'ü "quoted"']]);
        const bytes = writeSafetensors(map, { storage, metadata });
        const reversed = writeSafetensors(new Map([...map].reverse()), { storage, metadata });
        expect(Buffer.compare(bytes, reversed)).toBe(0);
        const file = readSafetensors(bytes);
        expect(file.metadata).toEqual(metadata);
        expect([...file.names].sort()).toEqual([...map.keys()].sort());
        for (const { name, start, end } of file.entries) {
          const want = map.get(name)!;
          expect(file.tensor(name)).toEqual(want);
          if (want.data.length) expect(start % ((end - start) / want.data.length)).toBe(0);
        }
      }),
    );
  });

  it('keeps names that look like integers in data order, and __proto__ in metadata harmless', () => {
    const map = new Map<string, HostArray>([
      ['b', { data: Float32Array.of(1), shape: [1] }],
      ['7', { data: Uint8Array.of(1), shape: [1] }],
    ]);
    const file = readSafetensors(writeSafetensors(map, { metadata: new Map([['__proto__', 'x']]) }));
    expect(file.names).toEqual(['b', '7']);
    expect(file.metadata.get('__proto__')).toBe('x');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it.each<[string, [string, HostArray], 'f32' | 'f16' | 'bf16', RegExp]>([
    ['overflow of f16', ['w', { data: Float32Array.of(1, 65520), shape: [2] }], 'f16', /element 1, 65520, exceeds/],
    ['overflow of bf16', ['w', { data: Float32Array.of(3.4e38), shape: [1] }], 'bf16', /exceeds what BF16/],
    ['NaN', ['w', { data: Float32Array.of(Number.NaN), shape: [1] }], 'f32', /element 0 is NaN/],
    ['infinity', ['w', { data: Float32Array.of(Number.NEGATIVE_INFINITY), shape: [1] }], 'f16', /-Infinity/],
    ['a wrong shape', ['w', { data: Float32Array.of(1), shape: [2] }], 'f32', /does not fit 1 values/],
    ['an unsafe name', ['a.__proto__', { data: Float32Array.of(1), shape: [1] }], 'f32', /name is not permitted/],
  ])('refuses %s', (_, entry, storage, message) => {
    expect(() => writeSafetensors(new Map([entry]), { storage })).toThrow(message);
  });
});

describe('fuzzing', () => {
  /** Parses and decodes everything; only a GlidError may come out. */
  function digest(bytes: Uint8Array): void {
    try {
      const file = readSafetensors(bytes);
      for (const name of file.names) {
        try {
          file.tensor(name);
        } catch (error) {
          if (!GlidError.isInstance(error, 'GLID_CHECKPOINT')) throw error;
        }
      }
    } catch (error) {
      if (!GlidError.isInstance(error, 'GLID_CHECKPOINT')) throw error;
    }
  }

  it('truncated files are always refused', () => {
    fc.assert(
      fc.property(tensors, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (map, part) => {
        const bytes = writeSafetensors(map);
        expect(refusal(bytes.subarray(0, Math.floor(bytes.length * part))).code).toBe('GLID_CHECKPOINT');
      }),
    );
  });

  it('mutated files give tensors or a GlidError, nothing else', () => {
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(tensors, fc.array(edit, { minLength: 1, maxLength: 6 }), (map, edits) => {
        const bytes = writeSafetensors(map, { metadata: new Map([['k', 'v']]) });
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        digest(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('any JSON header over any body gives tensors or a GlidError', () => {
    const field = fc.oneof(fc.constantFrom('F32', 'F16', 'I64', 'BOOL', 'F99'), fc.jsonValue());
    const offsets = fc.oneof(fc.array(fc.integer({ min: -2, max: 20 }), { maxLength: 3 }), fc.jsonValue());
    const entry = fc.oneof(
      fc.record({ dtype: field, shape: offsets, data_offsets: offsets }, { requiredKeys: [] }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry), fc.uint8Array({ maxLength: 24 }), (header, body) =>
        digest(build(header, body)),
      ),
      { numRuns: 1500 },
    );
  });

  it('any bytes and deep nesting are refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), digest));
    digest(build(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`));
    digest(build(`{"a":{"dtype":${'['.repeat(50_000)}${']'.repeat(50_000)},"shape":[],"data_offsets":[0,0]}}`));
  });
});
