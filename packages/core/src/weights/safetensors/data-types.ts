/** The element types of the safetensors format that are read here. */
export type SafetensorsType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** Bytes an element. */
export const bytesPerElement: ReadonlyMap<string, number> = new Map<SafetensorsType, number>([
  ['F64', 8],
  ['I64', 8],
  ['U64', 8],
  ['F32', 4],
  ['I32', 4],
  ['U32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I16', 2],
  ['U16', 2],
  ['I8', 1],
  ['U8', 1],
  ['BOOL', 1],
]);

export function isSafetensorsType(name: unknown): name is SafetensorsType {
  return typeof name === 'string' && bytesPerElement.has(name);
}
