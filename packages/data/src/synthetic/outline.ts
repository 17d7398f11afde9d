/** Signed distance to a simple polygon `[x0, y0, x1, y1, …]`, negative inside, any orientation. */
export function polygonDistance(points: readonly number[], x: number, y: number): number {
  const n = points.length;
  let best = Number.POSITIVE_INFINITY;
  let inside = false;
  let ax = points[n - 2]!;
  let ay = points[n - 1]!;
  for (let i = 0; i < n; i += 2) {
    const bx = points[i]!;
    const by = points[i + 1]!;
    const d = segmentDistanceSquared(ax, ay, bx, by, x, y);
    if (d < best) best = d;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    ax = bx;
    ay = by;
  }
  return inside ? -Math.sqrt(best) : Math.sqrt(best);
}

export function segmentDistanceSquared(ax: number, ay: number, bx: number, by: number, x: number, y: number): number {
  const ex = bx - ax;
  const ey = by - ay;
  const length = ex * ex + ey * ey;
  let t = length > 0 ? ((x - ax) * ex + (y - ay) * ey) / length : 0;
  t = t < 0 ? 0 : Math.min(t, 1);
  const dx = x - ax - t * ex;
  const dy = y - ay - t * ey;
  return dx * dx + dy * dy;
}

/** About the signed distance to an ellipse around the origin; exact on the outline. */
export function ellipseDistance(rx: number, ry: number, x: number, y: number): number {
  return (Math.sqrt((x * x) / (rx * rx) + (y * y) / (ry * ry)) - 1) * Math.min(rx, ry);
}
