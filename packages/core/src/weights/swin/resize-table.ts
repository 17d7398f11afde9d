/** Free parameter of the cubic kernel (Keys 1981); -0.75 is what the published conversion scripts use. */
const a = -0.75;

function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  if (d < 2) return a * (d ** 3 - 5 * d ** 2 + 8 * d - 4);
  return 0;
}

/** For each of `to` samples the four source indices and their weights; half-pixel centres, the border repeated. */
function taps(from: number, to: number): { readonly index: number; readonly weight: number }[][] {
  return Array.from({ length: to }, (_, i) => {
    const position = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(position) - 1;
    return [0, 1, 2, 3].map((k) => ({
      index: Math.min(Math.max(first + k, 0), from - 1),
      weight: cubic(position - (first + k)),
    }));
  });
}

/** Window of a table with `rows` = (2w-1)^2 rows, or null when there is no such w. */
export function windowOfTable(rows: number): number | null {
  const side = Math.round(Math.sqrt(rows));
  return side * side === rows && side % 2 === 1 ? (side + 1) / 2 : null;
}

/**
 * Relative-position table `[(2w-1)^2, heads]` for another window: each head's `(2w-1) x (2w-1)` image of offsets is resized by bicubic
 * interpolation without anti-aliasing (Swin Transformer's own fine-tuning scripts), computed in float64 and rounded once.
 */
export function resizeRelativePositionTable(
  table: Float32Array,
  heads: number,
  from: number,
  to: number,
): Float32Array {
  const source = 2 * from - 1;
  const target = 2 * to - 1;
  const weights = taps(source, target);
  const rows = new Float64Array(target * source * heads);
  for (let y = 0; y < target; y++) {
    for (const { index, weight } of weights[y]!) {
      for (let i = 0; i < source * heads; i++) {
        rows[y * source * heads + i]! += weight * table[index * source * heads + i]!;
      }
    }
  }
  const out = new Float64Array(target * target * heads);
  for (let y = 0; y < target; y++) {
    for (let x = 0; x < target; x++) {
      for (const { index, weight } of weights[x]!) {
        for (let h = 0; h < heads; h++) {
          out[(y * target + x) * heads + h]! += weight * rows[(y * source + index) * heads + h]!;
        }
      }
    }
  }
  return Float32Array.from(out);
}
