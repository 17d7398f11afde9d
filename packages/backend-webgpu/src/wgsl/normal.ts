/**
 * The normal distribution: `cumulative(x)` = (1 + erf(x / sqrt 2)) / 2 by Abramowitz & Stegun 7.1.26 (absolute error below 1e-7),
 * `density(x)`.
 */
export const normal = `
fn cumulative(x: f32) -> f32 {
  let z = abs(x) * 0.70710678118654752;
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  let tail = 0.5 * series * exp(-z * z);
  return select(tail, 1.0 - tail, x >= 0.0);
}
fn density(x: f32) -> f32 { return 0.39894228040143268 * exp(-0.5 * x * x); }`;
