/** A normalised Gaussian of odd length, with OpenCV's width for that length, `0.3 ((k - 1) / 2 - 1) + 0.8`. */
export function gaussianKernel(size: number): Float64Array {
  const sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8;
  const radius = (size - 1) / 2;
  const kernel = Float64Array.from({ length: size }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((v) => v / sum);
}

/** Blurs one map `[H, W]` with zeros outside. */
export function blurWithZeros(map: Float32Array, height: number, width: number, kernel: Float64Array): Float64Array {
  const radius = (kernel.length - 1) / 2;
  const rows = new Float64Array(height * width);
  const out = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = Math.max(0, radius - x); k < Math.min(kernel.length, width + radius - x); k++) {
        sum += kernel[k]! * map[y * width + x + k - radius]!;
      }
      rows[y * width + x] = sum;
    }
  }
  for (let y = 0; y < height; y++) {
    const [from, to] = [Math.max(0, radius - y), Math.min(kernel.length, height + radius - y)];
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = from; k < to; k++) sum += kernel[k]! * rows[(y + k - radius) * width + x]!;
      out[y * width + x] = sum;
    }
  }
  return out;
}

/** Index inside 0..n-1 of a place outside, mirrored about the border cell (OpenCV's reflect-101). */
export function reflect(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const at = ((i % period) + period) % period;
  return at < n ? at : period - at;
}
