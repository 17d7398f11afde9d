import { describe, expect, it } from 'vitest';
import { plainResult } from '../src/predict/plain-result.ts';

/** What `numpy.load` reads of the header, and the bytes behind it. */
function readNpy(bytes: Uint8Array): { header: string; body: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = 10 + view.getUint16(8, true);
  expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  expect(end % 64).toBe(0);
  return { header: Buffer.from(bytes.subarray(10, end)).toString('latin1'), body: bytes.subarray(end) };
}

const size = [2, 3];

describe('plainResult', () => {
  it.each([
    ['negative values', Float32Array.of(-1.5, 0, 1, 2, 3, 4), [2, 3], '<f4'],
    ['missing values', Float32Array.of(Number.NaN, 0, 1, 2, 3, 4), [2, 3], '<f4'],
    ['large fractions', Float64Array.of(0.5, 0, 1, 2, 3, 1e6), [2, 3], '<f8'],
    ['negative whole numbers', Int32Array.of(-1, 0, 1, 2, 3, 4), [2, 3], '<i4'],
    ['several numbers a pixel', Float32Array.from({ length: 18 }, (_, i) => i / 7), [2, 3, 3], '<f4'],
  ])('puts a map with %s into a .npy file, bit for bit', (_, data, shape, type) => {
    const { json, files } = plainResult({ height: { size, data } }, 'folder/a');
    expect(json).toEqual({ height: { size, data: { file: 'a.height.npy', shape } } });
    expect(files.map(({ name }) => name)).toEqual(['folder/a.height.npy']);
    const { header, body } = readNpy(files[0]!.bytes);
    expect(header.trimEnd()).toBe(`{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`);
    expect(Buffer.compare(body, new Uint8Array(data.buffer))).toBe(0);
  });

  it('keeps maps that a PNG holds as PNG files, and short lists in the JSON', () => {
    const map = { size, data: Float32Array.of(0, 0.25, 1, 2, 3, 65.5) };
    const { json, files } = plainResult({ map, scores: Float32Array.of(-1, Number.NaN) }, 'a');
    expect(json).toEqual({
      map: { size, data: { file: 'a.map.png', encoding: 'thousandths' } },
      scores: [-1, null],
    });
    expect(files.map(({ name }) => name)).toEqual(['a.map.png']);
  });
});
