import type { Random } from '@glid/base';
import { type Camera, groundRow } from './camera.ts';
import { newSurface, type Thing } from './thing.ts';
import { hueOf, thingMakers } from './things/index.ts';

/** A thing at its place in the picture. */
export interface PlacedThing {
  readonly thing: Thing;
  /** Metres from the camera. */
  readonly z: number;
  /** Foot point, pixels. */
  readonly footX: number;
  readonly footY: number;
  /** Pixels a metre at its depth. */
  readonly scale: number;
}

export interface LayoutRules {
  readonly labels: readonly string[];
  readonly minThings: number;
  readonly maxThings: number;
  /** Probability that a thing is a person, where people are among the labels. */
  readonly people: number;
  /** Nearest and farthest foot point, metres. */
  readonly near: number;
  readonly far: number;
  /** Each kind of thing has a colour of its own. */
  readonly colorsTell: boolean;
}

/** Chooses things and places, farthest first; drops whatever would show less than 35 % of itself or too few pixels. */
export function layOut(random: Random, camera: Camera, rules: LayoutRules, farthest: number): PlacedThing[] {
  const far = Math.min(rules.far, farthest);
  const count = rules.minThings + random.integer(rules.maxThings - rules.minThings + 1);
  const others = rules.labels.filter((label) => label !== 'person');
  const placed: PlacedThing[] = [];
  for (let k = 0; k < count; k++) {
    const isPerson = others.length === 0 || (rules.labels.includes('person') && random.boolean(rules.people));
    const label = isPerson ? 'person' : others[random.integer(others.length)]!;
    const thing = thingMakers[label]!(random, rules.colorsTell ? hueOf(label) : undefined);
    // Uniform in the square root of depth: near things would otherwise be rare, far ones tiny.
    const root = random.uniform(Math.sqrt(rules.near), Math.sqrt(Math.max(rules.near, far)));
    placed.push(placeThing(camera, thing, root * root, random.uniform(0.04, 0.96) * camera.width));
  }
  return keepVisible(camera, placed);
}

export function placeThing(camera: Camera, thing: Thing, z: number, footX: number): PlacedThing {
  return { thing, z, footX, footY: groundRow(camera, z), scale: camera.focal / z };
}

/** The things of which enough shows past the nearer ones, farthest first. */
export function keepVisible(camera: Camera, things: readonly PlacedThing[]): PlacedThing[] {
  const { width, height } = camera;
  const taken = new Uint8Array(width * height);
  const fewest = Math.max(16, (width * height) / 500);
  const kept: PlacedThing[] = [];
  for (const placed of [...things].sort((a, b) => a.z - b.z)) {
    const { inside, total } = footprintPixels(camera, placed);
    const free = inside.filter((i) => taken[i] === 0);
    if (free.length < fewest || free.length < 0.35 * total) continue;
    for (const i of free) taken[i] = 1;
    kept.push(placed);
  }
  return kept.reverse();
}

/** Pixels whose centre the thing covers, and how many it would cover without the picture's border. */
function footprintPixels(camera: Camera, placed: PlacedThing): { inside: number[]; total: number } {
  const surface = newSurface();
  const area = pixelBounds(placed);
  const inside: number[] = [];
  let total = 0;
  for (let y = area.y0; y < area.y1; y++) {
    for (let x = area.x0; x < area.x1; x++) {
      placed.thing.sample(
        (x + 0.5 - placed.footX) / placed.scale,
        (placed.footY - y - 0.5) / placed.scale,
        1 / placed.scale,
        surface,
      );
      if (surface.distance >= 0) continue;
      total++;
      if (x >= 0 && y >= 0 && x < camera.width && y < camera.height) inside.push(y * camera.width + x);
    }
  }
  return { inside, total };
}

/** Pixel rectangle around a thing with a margin of one; may leave the picture. */
export function pixelBounds(placed: PlacedThing): { x0: number; y0: number; x1: number; y1: number } {
  const [left, bottom, right, top] = placed.thing.bounds;
  return {
    x0: Math.floor(placed.footX + left * placed.scale) - 1,
    y0: Math.floor(placed.footY - top * placed.scale) - 1,
    x1: Math.ceil(placed.footX + right * placed.scale) + 1,
    y1: Math.ceil(placed.footY - bottom * placed.scale) + 1,
  };
}
