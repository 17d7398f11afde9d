/** Number arrays that a .npy file can hold. */
export type NpyArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** Letter of NumPy's dtype; how many bytes a value has follows it. */
const letters = { Float: 'f', Int: 'i', Uint: 'u' } as const;

/**
 * Numbers bit for bit as NumPy reads them (`numpy.load`): format 1.0, little-endian, row-major.
 * @param shape lengths of the axes; their product is the number of values
 */
export function encodeNpy(data: NpyArray, shape: readonly number[]): Uint8Array {
  const kind = /Float|Uint|Int/.exec(data[Symbol.toStringTag])![0] as keyof typeof letters;
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const about = `{'descr': '<${letters[kind]}${data.BYTES_PER_ELEMENT}', 'fortran_order': False, 'shape': (${axes}), }`;
  // Ten bytes come before; the values begin at a multiple of 64.
  const length = Math.ceil((10 + about.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(about, 10, 'latin1');
  header.write('\n', 10 + length - 1, 'latin1');
  return Buffer.concat([header, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}
