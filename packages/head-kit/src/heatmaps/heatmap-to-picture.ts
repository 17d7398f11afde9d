/** The part of a picture that a heat map shows, in pixels of the picture. */
export interface PictureRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Carries places from cells of the heat map to pixels of the picture.
 *
 * @param xy `[N, 2]` in cells  @param size `[H, W]` of the heat map
 * @param convention `udp`: the last cell lies at the region's far side, unit (size - 1); `cells`: a cell is 1 / size of the region
 * (SimpleBaseline, HRNet)
 */
export function heatmapToPicture(
  xy: ArrayLike<number>,
  size: readonly [height: number, width: number],
  region: PictureRegion,
  convention: 'udp' | 'cells' = 'udp',
): Float32Array {
  const ends = convention === 'udp' ? 1 : 0;
  const perX = region.width / Math.max(1, size[1] - ends);
  const perY = region.height / Math.max(1, size[0] - ends);
  const out = new Float32Array(xy.length);
  for (let i = 0; i < out.length; i += 2) {
    out[i] = region.x + xy[i]! * perX;
    out[i + 1] = region.y + xy[i + 1]! * perY;
  }
  return out;
}
