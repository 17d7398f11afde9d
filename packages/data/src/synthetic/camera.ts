import type { Random } from '@glid/base';

/** A level pinhole camera over flat ground. Pixels: x to the right, y down, corner (0, 0). Metres: X right, Y up, Z away. */
export interface Camera {
  readonly width: number;
  readonly height: number;
  /** Focal length, pixels. */
  readonly focal: number;
  readonly centerX: number;
  readonly horizonY: number;
  /** Metres above the ground. */
  readonly eyeHeight: number;
}

export function randomCamera(random: Random, width: number, height: number): Camera {
  const side = Math.sqrt(width * height);
  return {
    width,
    height,
    focal: side * random.uniform(0.85, 1.25),
    centerX: width / 2,
    horizonY: height * random.uniform(0.28, 0.52),
    eyeHeight: random.uniform(1, 1.8),
  };
}

/** Pixel row at which the ground lies Z metres away. */
export function groundRow(camera: Camera, z: number): number {
  return camera.horizonY + (camera.focal * camera.eyeHeight) / z;
}
