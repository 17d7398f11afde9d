import {
  compressRle,
  type DepthMap,
  encodeMask,
  type LabelMap,
  type ObjectAnnotation,
  type PanopticSegment,
} from '@glid/base';
import type { Frame } from './frame.ts';
import type { PlacedThing } from './layout.ts';
import { stuffLabels } from './place.ts';
import type { RenderedScene } from './render-scene.ts';

/** Boxes are the extent of what SHOWS; masks likewise. Things are listed nearest first. */
export function sceneObjects({ frame, things }: RenderedScene): ObjectAnnotation[] {
  return things.map((placed, index) => annotate(frame, placed, index + 1)).reverse();
}

function annotate(frame: Frame, placed: PlacedThing, owner: number): ObjectAnnotation {
  const { width, height } = frame;
  const mask = new Uint8Array(width * height);
  let area = 0;
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (frame.owner[i] !== owner) continue;
      mask[i] = 1;
      area++;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      if (y >= y1) y1 = y + 1;
    }
  }
  return {
    id: owner,
    label: placed.thing.label,
    box: [x0, y0, x1, y1],
    area,
    mask: compressRle(encodeMask(mask, [height, width])),
    ...(placed.thing.joints ? { keypoints: jointTriples(frame, placed, owner) } : {}),
  };
}

/** `[K * 3]`: 2 where the joint's own limb shows at that pixel, 1 where something hides it, 0 outside the picture. */
function jointTriples(frame: Frame, placed: PlacedThing, owner: number): Float32Array {
  const joints = placed.thing.joints ?? [];
  const triples = new Float32Array(joints.length * 3);
  for (const [k, joint] of joints.entries()) {
    const x = placed.footX + joint.x * placed.scale;
    const y = placed.footY - joint.y * placed.scale;
    if (x < 0 || y < 0 || x >= frame.width || y >= frame.height) continue;
    const shows = joint.facing && frame.owner[Math.floor(y) * frame.width + Math.floor(x)] === owner;
    triples.set([x, y, shows ? 2 : 1], k * 3);
  }
  return triples;
}

/** Stuff classes first, then the things in the order of `labels`. */
export function sceneSemantic({ frame, things }: RenderedScene, labels: readonly string[]): LabelMap {
  const classOf = things.map(({ thing }) => stuffLabels.length + labels.indexOf(thing.label));
  const data = new Uint8Array(frame.stuff);
  for (let i = 0; i < data.length; i++) {
    const owner = frame.owner[i]!;
    if (owner > 0) data[i] = classOf[owner - 1]!;
  }
  return { width: frame.width, height: frame.height, data };
}

/** Segment ids: stuff class + 1, things after all stuff. */
export function scenePanoptic({ frame, things }: RenderedScene): { ids: LabelMap; segments: PanopticSegment[] } {
  const names = [...stuffLabels, ...things.map(({ thing }) => thing.label)];
  const areas = new Int32Array(names.length);
  const data = new Int32Array(frame.owner.length);
  for (let i = 0; i < data.length; i++) {
    const owner = frame.owner[i]!;
    const segment = owner > 0 ? stuffLabels.length + owner - 1 : frame.stuff[i]!;
    data[i] = segment + 1;
    areas[segment]!++;
  }
  const segments = names.flatMap((label, k) => (areas[k]! > 0 ? [{ id: k + 1, label, area: areas[k]! }] : []));
  return { ids: { width: frame.width, height: frame.height, data }, segments };
}

export function sceneDepth({ frame }: RenderedScene): DepthMap {
  return { width: frame.width, height: frame.height, data: frame.depth.slice() };
}
