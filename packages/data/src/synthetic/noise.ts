/** A number in [0, 1) that belongs to a lattice point. */
export function latticeValue(seed: number, x: number, y: number): number {
  let h = (seed ^ Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(y | 0, 0x165667b1)) | 0;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

/** Value noise in [0, 1), one feature a unit. */
export function valueNoise(seed: number, x: number, y: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const u = fx * fx * (3 - 2 * fx);
  const v = fy * fy * (3 - 2 * fy);
  const a = latticeValue(seed, x0, y0);
  const b = latticeValue(seed, x0 + 1, y0);
  const c = latticeValue(seed, x0, y0 + 1);
  const d = latticeValue(seed, x0 + 1, y0 + 1);
  return a + (b - a) * u + (c - a + (a - b - c + d) * u) * v;
}

/** Three octaves of value noise, in [0, 1). */
export function fractalNoise(seed: number, x: number, y: number): number {
  return (
    0.571 * valueNoise(seed, x, y) +
    0.286 * valueNoise(seed + 1, x * 2.03, y * 2.03) +
    0.143 * valueNoise(seed + 2, x * 4.11, y * 4.11)
  );
}
