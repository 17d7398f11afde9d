/**
 * Sine and cosine made of IEEE additions and multiplications only, so that every engine draws the same pictures bit
 * for bit (`Math.sin` may differ in the last digit). Taylor series on an eighth of a turn; error below 1e-9.
 */
export interface SinCos {
  readonly sin: number;
  readonly cos: number;
}

const tau = 6.283185307179586;

/** `turns` = 1 is a full turn. */
export function sinCos(turns: number): SinCos {
  const quarter = Math.floor(turns * 4 + 0.5);
  const x = (turns - quarter / 4) * tau;
  const xx = x * x;
  const s = x * (1 - (xx / 6) * (1 - (xx / 20) * (1 - (xx / 42) * (1 - xx / 72))));
  const c = 1 - (xx / 2) * (1 - (xx / 12) * (1 - (xx / 30) * (1 - (xx / 56) * (1 - xx / 90))));
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return { sin: s, cos: c };
    case 1:
      return { sin: c, cos: -s };
    case 2:
      return { sin: -s, cos: -c };
    default:
      return { sin: -c, cos: s };
  }
}

export function clamp01(x: number): number {
  return x < 0 ? 0 : Math.min(x, 1);
}

/** 0 below `low`, 1 above `high`, a cubic between. */
export function smoothStep(low: number, high: number, x: number): number {
  const t = clamp01((x - low) / (high - low));
  return t * t * (3 - 2 * t);
}
