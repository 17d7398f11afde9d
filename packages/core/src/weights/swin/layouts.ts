/** `[rows, columns]` -> `[columns, rows]`. */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!;
  return out;
}

/** Convolution kernel `[out, in, height, width]` -> `[height, width, in, out]`. */
export function convolutionKernel(data: Float32Array, shape: readonly number[]): Float32Array {
  const [outputs, inputs, height, width] = shape as readonly [number, number, number, number];
  const spatial = height * width;
  const out = new Float32Array(data.length);
  let read = 0;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let p = 0; p < spatial; p++) out[(p * inputs + i) * outputs + o] = data[read++]!;
    }
  }
  return out;
}

/** Joins tensors along their first axis. */
export function joinRows(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
