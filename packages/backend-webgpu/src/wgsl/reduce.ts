/**
 * Sums over the invocations of a workgroup, in a fixed order, so that every run gives the same bits. `width` values each: `sumAll(lane, value)`
 * with value `f32` or `vecN<f32>` returns the total to every invocation. Call it in uniform control flow.
 */
export function sumAll(workgroupSize: number, type: 'f32' | 'vec2<f32>'): string {
  return `
var<workgroup> sumSlots: array<${type}, ${workgroupSize}>;
fn sumAll(lane: u32, value: ${type}) -> ${type} {
  sumSlots[lane] = value;
  workgroupBarrier();
  for (var half = ${workgroupSize / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { sumSlots[lane] += sumSlots[lane + half]; }
    workgroupBarrier();
  }
  let total = sumSlots[0];
  workgroupBarrier();
  return total;
}`;
}
