import type { Rgb } from './color.ts';

/** What a thing shows at one point. Written by `Thing.sample`; one object serves a whole picture. */
export interface Surface {
  /** Signed distance to the outline, metres; negative inside. Only its sign and its size near the outline matter. */
  distance: number;
  /** Unit normal: right, up, towards the viewer. */
  nx: number;
  ny: number;
  nz: number;
  /** How much nearer than its foot point the surface lies, metres. */
  bulge: number;
  red: number;
  green: number;
  blue: number;
}

export function newSurface(): Surface {
  return { distance: 0, nx: 0, ny: 0, nz: 1, bulge: 0, red: 0, green: 0, blue: 0 };
}

/** A body that stands on the ground. Local metres: x to the right, y up, origin at its foot. */
export interface Thing {
  readonly label: string;
  /** `[left, bottom, right, top]`, metres. */
  readonly bounds: readonly [left: number, bottom: number, right: number, top: number];
  /** Half the width of the ground that it covers. */
  readonly footprint: number;
  /** `pixel` is the width of a pixel in metres. */
  sample(x: number, y: number, pixel: number, out: Surface): void;
  /** People only: joints in local metres with what may show them. */
  readonly joints?: readonly ThingJoint[];
}

export interface ThingJoint {
  readonly x: number;
  readonly y: number;
  /** Nothing of the body itself hides it. */
  readonly facing: boolean;
}

export function setColor(out: Surface, color: Rgb): void {
  out.red = color[0];
  out.green = color[1];
  out.blue = color[2];
}
