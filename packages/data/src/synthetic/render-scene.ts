import type { Random, RgbImage } from '@glid/base';
import type { Camera } from './camera.ts';
import { develop } from './develop.ts';
import { type Frame, newFrame } from './frame.ts';
import type { PlacedThing } from './layout.ts';
import { randomLight } from './light.ts';
import { randomPlace } from './place.ts';
import { renderPlace } from './render-place.ts';
import { renderThings } from './render-things.ts';

/** A finished scene with the buffers from which every ground truth is read. */
export interface RenderedScene {
  readonly image: RgbImage;
  readonly frame: Frame;
  /** In the order of `frame.owner`, farthest first. */
  readonly things: readonly PlacedThing[];
}

/** `layOut` gets the depth that things must stay in front of, metres. */
export function renderScene(
  random: Random,
  camera: Camera,
  layOut: (random: Random, camera: Camera, far: number) => readonly PlacedThing[],
): RenderedScene {
  const place = randomPlace(random, camera);
  const light = randomLight(random);
  const nearestWall = Math.min(
    ...place.walls.map((wall) => 1 / (wall.inverse + Math.abs(wall.slope) * camera.width * 0.5)),
  );
  const things = layOut(random, camera, nearestWall - 0.6);
  const frame = newFrame(camera.width, camera.height);
  const casters = things.map(({ thing, footX, z, scale }) => ({
    x: (footX - camera.centerX) / scale,
    z,
    radius: thing.footprint,
    height: thing.bounds[3],
  }));
  renderPlace(frame, camera, place, light, casters);
  renderThings(frame, camera, light, things);
  return { image: develop(frame, random), frame, things };
}
