import type { Random } from '@glid/base';
import { anyColor, fromHsv, mix, type Rgb, scale } from '../color.ts';
import { randomTexture, type Texture, textureShare } from '../texture.ts';
import { type Surface, setColor, type Thing } from '../thing.ts';
import { type BodyPart, bodyParts, type PartName } from './body-parts.ts';
import { type BodyPose, randomBodyPose } from './body-pose.ts';

interface Clothes {
  readonly skin: Rgb;
  readonly hair: Rgb;
  readonly shoes: Rgb;
  readonly shirt: Texture;
  readonly trousers: Texture;
  readonly longSleeves: boolean;
  readonly longLegs: boolean;
}

/** A jointed figure with COCO's 17 joints. */
export function person(random: Random): Thing {
  const pose = randomBodyPose(random);
  const parts = bodyParts(pose);
  const clothes = randomClothes(random, pose.height);
  const reach = 0.6 * pose.height;
  const xs = pose.joints.map((p) => p[0]);
  const ys = pose.joints.map((p) => p[1]);
  const margin = 0.1 * pose.height;
  const top = Math.max(...ys, pose.head[1] + pose.headRadius * 1.17) + 0.04 * pose.height;
  return {
    label: 'person',
    bounds: [
      Math.max(-reach, Math.min(...xs)) - margin,
      -0.02 * pose.height,
      Math.min(reach, Math.max(...xs)) + margin,
      top,
    ],
    footprint: 0.12 * pose.height,
    joints: pose.joints.map(([x, y, z], joint) => ({ x, y, facing: isFacing(pose, parts, joint, x, y, z) })),
    sample(x, y, pixel, out) {
      const part = frontPart(parts, x, y, pixel, out);
      if (out.distance > pixel) return;
      roundNormal(part, x, y, out);
      out.bulge = part.z + part.radius * out.nz;
      colorPart(part.name, pose, clothes, x, y, pixel, out);
    },
  };
}

function randomClothes(random: Random, height: number): Clothes {
  const skin = mix(fromHsv(0.06, 0.35, 0.95), fromHsv(0.06, 0.6, 0.35), random.uniform());
  return {
    skin,
    hair: random.boolean(0.8)
      ? fromHsv(random.uniform(0.03, 0.13), random.uniform(0.2, 0.8), random.uniform(0.08, 0.7))
      : anyColor(random),
    shoes: scale(anyColor(random), random.uniform(0.4, 1)),
    shirt: randomTexture(random, ['plain', 'plain', 'stripes', 'checks', 'mottled'], 14 / height),
    trousers: randomTexture(random, ['plain', 'plain', 'mottled'], 8 / height),
    longSleeves: random.boolean(),
    longLegs: random.boolean(0.7),
  };
}

/** The nearest piece at a point; outside of all, the piece whose outline is nearest (within a pixel). Sets `distance`. */
function frontPart(parts: readonly BodyPart[], x: number, y: number, pixel: number, out: Surface): BodyPart {
  let nearest = parts[0]!;
  let least = 1;
  for (const part of parts) {
    const box = part.bounds;
    if (x < box[0] - pixel || y < box[1] - pixel || x > box[2] + pixel || y > box[3] + pixel) continue;
    const d = part.distance(x, y);
    if (d < 0) {
      out.distance = d;
      return part;
    }
    if (d < least) {
      least = d;
      nearest = part;
    }
  }
  out.distance = least;
  return nearest;
}

/** The normal of a rounded piece, from the slope of its distance. */
function roundNormal(part: BodyPart, x: number, y: number, out: Surface): void {
  const step = 0.004;
  const d = part.distance(x, y);
  const gx = (part.distance(x + step, y) - d) / step;
  const gy = (part.distance(x, y + step) - d) / step;
  const rim = Math.max(0, Math.min(1, 1 + d / part.radius));
  const length = Math.sqrt(gx * gx + gy * gy) || 1;
  out.nx = (gx / length) * rim;
  out.ny = (gy / length) * rim;
  out.nz = Math.sqrt(Math.max(0, 1 - out.nx * out.nx - out.ny * out.ny));
}

function colorPart(
  name: PartName,
  pose: BodyPose,
  clothes: Clothes,
  x: number,
  y: number,
  pixel: number,
  out: Surface,
): void {
  if (name === 'head') colorHead(pose, clothes, x, y, out);
  else if (name === 'foot') setColor(out, clothes.shoes);
  else if (name === 'torso' || name === 'upper-arm') colorCloth(clothes.shirt, x, y, pixel, out);
  else if (name === 'forearm' && clothes.longSleeves) colorCloth(clothes.shirt, x, y, pixel, out);
  else if (name === 'thigh' || (name === 'shin' && clothes.longLegs)) colorCloth(clothes.trousers, x, y, pixel, out);
  else setColor(out, clothes.skin);
}

function colorCloth(cloth: Texture, x: number, y: number, pixel: number, out: Surface): void {
  const { first, second } = cloth;
  const t = textureShare(cloth, x, y, pixel);
  out.red = first[0] + (second[0] - first[0]) * t;
  out.green = first[1] + (second[1] - first[1]) * t;
  out.blue = first[2] + (second[2] - first[2]) * t;
}

/** Hair at the back and on top, eyes where they face the viewer. */
function colorHead(pose: BodyPose, clothes: Clothes, x: number, y: number, out: Surface): void {
  const ahead = out.nx * pose.forward[0] + out.nz * pose.forward[1];
  setColor(out, ahead < -0.1 || out.ny > 0.5 ? clothes.hair : clothes.skin);
  for (const eye of [1, 2]) {
    const [ex, ey, ez] = pose.joints[eye]!;
    const dx = x - ex;
    const dy = y - ey;
    if (ez > pose.head[2] && Math.sqrt(dx * dx + dy * dy) < 0.17 * pose.headRadius) setColor(out, [0.05, 0.05, 0.07]);
  }
  const [mouthX, mouthZ] = pose.forward;
  const mx = x - (pose.head[0] + mouthX * 0.85 * pose.headRadius);
  const my = y - (pose.joints[0]![1] - 0.38 * pose.headRadius);
  if (mouthZ > 0.1 && Math.abs(mx) < 0.3 * pose.headRadius * mouthZ && Math.abs(my) < 0.07 * pose.headRadius) {
    setColor(out, scale(clothes.skin, 0.5));
  }
}

function isFacing(pose: BodyPose, parts: readonly BodyPart[], joint: number, x: number, y: number, z: number): boolean {
  const front = parts.find((part) => part.distance(x, y) < 0);
  if (front !== undefined && !front.joints.includes(joint)) return false;
  return joint > 4 || z > pose.head[2] - 0.25 * pose.headRadius;
}
