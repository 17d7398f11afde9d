import type { Box } from '../boxes/convert.ts';
import type { DataPlace } from '../data-error.ts';
import { dataError } from '../data-error.ts';
import { mergeMasks } from './merge.ts';
import type { Polygon } from './polygon.ts';
import { checkPolygon } from './polygon.ts';
import type { RleRuns } from './runs.ts';
import { checkMaskSize } from './runs.ts';

/** Outlines are followed on a grid this much finer than the picture (pycocotools). */
const scale = 5;

/**
 * The mask of an object outlined by one or more polygons (their union), with pycocotools' rasterisation, bit for bit:
 * outlines are drawn on a grid five times finer, and each picture column keeps where they cross it.
 * Throws `GLID_DATA` for an outline of fewer than three points or for none at all.
 */
export function maskFromPolygons(
  polygons: readonly Polygon[],
  size: readonly [height: number, width: number],
  place: DataPlace = {},
): RleRuns {
  const [height, width] = checkMaskSize(size, place);
  if (polygons.length === 0) {
    throw dataError(place, 'An object has no polygon.', 'Give at least one outline, or leave the object out.');
  }
  return mergeMasks(polygons.map((polygon) => rasterise(checkPolygon(polygon, place), height, width)));
}

/** The mask of a box `[x, y, width, height]`, rasterised as the polygon of its corners (pycocotools `frBbox`). */
export function maskFromBox(box: Box, size: readonly [height: number, width: number]): RleRuns {
  const [x, y, w, h] = box;
  return maskFromPolygons([[x, y, x, y + h, x + w, y + h, x + w, y]], size);
}

function rasterise(polygon: Polygon, height: number, width: number): RleRuns {
  const crossings = Uint32Array.from(columnCrossings(polygon, height, width)).sort();
  const total = height * width;
  const counts: number[] = [];
  let start = 0;
  // Two crossings at one place undo each other; one at the very end begins nothing.
  for (let i = 0; i < crossings.length; i++) {
    const at = crossings[i]!;
    if (at === crossings[i + 1]) i++;
    else if (at < total) {
      counts.push(at - start);
      start = at;
    }
  }
  counts.push(total - start);
  return { size: [height, width], counts: new Uint32Array(counts) };
}

/** Column-major places before which the mask changes: the outline's points where it passes the middle of a picture column. */
function columnCrossings(polygon: Polygon, height: number, width: number): number[] {
  const crossings: number[] = [];
  const points = polygon.length / 2;
  const fine = (value: number): number => Math.trunc(scale * value + 0.5);
  let x1 = fine(polygon[0]!);
  let y1 = fine(polygon[1]!);
  let lastU = x1;
  let lastV = y1;
  for (let p = 1; p <= points; p++) {
    const x0 = x1;
    const y0 = y1;
    x1 = fine(polygon[(p % points) * 2]!);
    y1 = fine(polygon[(p % points) * 2 + 1]!);
    const dx = Math.abs(x1 - x0);
    const dy = Math.abs(y1 - y0);
    if (dx === 0 && dy === 0) continue;
    const flat = dx >= dy;
    const steps = flat ? dx : dy;
    // Edges are always computed from their lower end, so that both directions give the same points.
    const reversed = flat ? x0 > x1 : y0 > y1;
    const fromX = reversed ? x1 : x0;
    const fromY = reversed ? y1 : y0;
    const slope = flat ? ((reversed ? y0 : y1) - fromY) / dx : ((reversed ? x0 : x1) - fromX) / dy;
    for (let step = 0; step <= steps; step++) {
      const t = reversed ? steps - step : step;
      const u = flat ? fromX + t : Math.trunc(fromX + slope * t + 0.5);
      const v = flat ? Math.trunc(fromY + slope * t + 0.5) : fromY + t;
      if (u !== lastU) {
        const middle = (u < lastU ? u : u - 1) - (scale - 1) / 2;
        if (middle >= 0 && middle % scale === 0 && middle / scale < width) {
          const row = (Math.min(v, lastV) + 0.5) / scale - 0.5;
          crossings.push((middle / scale) * height + Math.ceil(Math.min(Math.max(row, 0), height)));
        }
      }
      lastU = u;
      lastV = v;
    }
  }
  return crossings;
}
