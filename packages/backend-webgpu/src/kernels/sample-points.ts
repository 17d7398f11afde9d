import { u32 } from '../launch/shader.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

/** A tile of 8 x 8 pixels, and as many points at a time. */
const side = 8;
const lanes = side * side;

/** Where a point of [0, 1]^2 lies among the pixels, whose centres are at half integers. */
const place = `
fn place(n: u32, p: u32) -> vec2<f32> {
  let at = 2u * (n * params.count + p);
  return vec2(points[at] * f32(params.width), points[at + 1u] * f32(params.height)) - 0.5;
}`;

export function registerSamplePoints(): void {
  glidKernel('GlidSamplePoints', (gpu, { maps, points }) => {
    const [number, height, width] = maps.shape as [number, number, number];
    const count = points.shape[1]!;
    const y = gpu.output([number, count]);
    if (number * count === 0) return [y];
    gpu.launch({
      key: 'samplePoints',
      inputs: { maps, points },
      outputs: { y },
      params: { size: u32(number * count), count: u32(count), height: u32(height), width: u32(width) },
      workgroups: Math.ceil((number * count) / 64),
      code: () => `${place}
fn pixel(n: u32, at: vec2<i32>) -> f32 {
  if (any(at < vec2(0)) || at.x >= i32(params.width) || at.y >= i32(params.height)) { return 0.0; }
  return maps[(n * params.height + u32(at.y)) * params.width + u32(at.x)];
}
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i >= params.size) { return; }
  let n = i / params.count;
  let at = place(n, i % params.count);
  // Far outside nothing is read, and the cast below has no room for the number; the comparison also excludes NaN.
  if (!(all(at > vec2(-2.0)) && at.x < f32(params.width) + 1.0 && at.y < f32(params.height) + 1.0)) { y[i] = 0.0; return; }
  let low = floor(at);
  let f = at - low;
  let corner = vec2<i32>(low);
  let upper = pixel(n, corner) * (1.0 - f.x) + pixel(n, corner + vec2(1, 0)) * f.x;
  let lower = pixel(n, corner + vec2(0, 1)) * (1.0 - f.x) + pixel(n, corner + vec2(1, 1)) * f.x;
  y[i] = upper * (1.0 - f.y) + lower * f.y;
}`,
    });
    return [y];
  });

  // A workgroup owns a tile of pixels and goes through its map's points, 64 at a time: those that reach the tile are put in a list,
  // in their order, and every pixel adds them up. No atomics, and the same bits in every run.
  glidKernel('GlidSamplePointsGrad', (gpu, { dy, points }, { mapSize: [height, width] }) => {
    const [number, count] = points.shape as [number, number];
    const dmaps = gpu.output([number, height, width]);
    if (sizeOf(dmaps.shape) === 0) return [dmaps];
    if (count === 0) return [gpu.zeros([number, height, width])];
    const [down, across] = [Math.ceil(height / side), Math.ceil(width / side)];
    gpu.launch({
      key: 'samplePointsGrad',
      inputs: { dy, points },
      outputs: { dmaps },
      params: {
        number: u32(number),
        count: u32(count),
        height: u32(height),
        width: u32(width),
        down: u32(down),
        across: u32(across),
      },
      workgroups: number * down * across,
      workgroupSize: lanes,
      code: () => `${place}
var<workgroup> reaches: array<u32, ${lanes}>;
var<workgroup> listed: array<vec3<f32>, ${lanes}>;
fn kernel(group: u32, lane: u32) {
  let n = group / (params.down * params.across);
  if (n >= params.number) { return; }
  let tile = vec2(group % params.across, (group / params.across) % params.down) * ${side}u;
  let pixel = tile + vec2(lane % ${side}u, lane / ${side}u);
  let centre = vec2<f32>(pixel);
  let low = vec2<f32>(tile) - 1.0;
  let high = vec2<f32>(tile) + ${side}.0;
  var total = 0.0;
  for (var first = 0u; first < params.count; first += ${lanes}u) {
    let p = first + lane;
    var at = vec2(-2.0);
    if (p < params.count) { at = place(n, p); }
    let here = all(at > low) && all(at < high);
    reaches[lane] = select(0u, 1u, here);
    workgroupBarrier();
    var before = 0u;
    var all = 0u;
    for (var other = 0u; other < ${lanes}u; other++) {
      before += select(0u, reaches[other], other < lane);
      all += reaches[other];
    }
    if (here) { listed[before] = vec3(at, dy[n * params.count + p]); }
    workgroupBarrier();
    for (var k = 0u; k < all; k++) {
      let point = listed[k];
      let share = max(vec2(0.0), 1.0 - abs(point.xy - centre));
      total += share.x * share.y * point.z;
    }
    workgroupBarrier();
  }
  if (pixel.x < params.width && pixel.y < params.height) {
    dmaps[(n * params.height + pixel.y) * params.width + pixel.x] = total;
  }
}`,
    });
    return [dmaps];
  });
}
