import { type Dataset, decodeMask, GlidError, type ObjectAnnotation, type RgbImage } from '@glid/base';
import type { Report } from './issue.ts';

/** Boxes may stick out by rounding; this many pixels are forgiven. */
const tolerance = 1;

export function checkObject(
  object: ObjectAnnotation,
  at: number,
  image: RgbImage,
  dataset: Dataset,
  report: Report,
): void {
  const name = `object ${object.id ?? at} (${object.label})`;
  if (!dataset.labels.includes(object.label))
    report('unknown-label', 'error', `${name}: the label is not in the list.`);
  checkBox(name, object, image, report);
  checkMask(name, object, image, report);
  checkJoints(name, object, image, dataset, report);
}

function checkBox(name: string, { box }: ObjectAnnotation, { width, height }: RgbImage, report: Report): void {
  const [x0, y0, x1, y1] = box;
  const shown = box.map((v) => Math.round(v * 100) / 100).join(', ');
  if (!(x1 > x0 && y1 > y0)) report('box-empty', 'error', `${name}: the box [${shown}] is empty.`);
  else if (x0 < -tolerance || y0 < -tolerance || x1 > width + tolerance || y1 > height + tolerance) {
    report('box-outside', 'error', `${name}: the box [${shown}] leaves the picture of ${width} x ${height}.`);
  }
}

function checkMask(name: string, object: ObjectAnnotation, { width, height }: RgbImage, report: Report): void {
  let mask: ObjectAnnotation['mask'];
  try {
    mask = object.mask;
  } catch (error) {
    if (!GlidError.isInstance(error)) throw error;
    report('unreadable', 'error', `${name}: ${error.message}`);
    return;
  }
  if (!mask) return;
  if (mask.size[0] !== height || mask.size[1] !== width) {
    report(
      'size',
      'error',
      `${name}: the mask is ${mask.size[1]} x ${mask.size[0]}, the picture ${width} x ${height}.`,
    );
    return;
  }
  const dense = decodeMask(mask);
  const [x0, y0, x1, y1] = object.box;
  let area = 0;
  let beyond = 0;
  for (let i = 0; i < dense.length; i++) {
    if (dense[i] === 0) continue;
    area++;
    const x = i % width;
    const y = (i - x) / width;
    if (x + 1 <= x0 - tolerance || y + 1 <= y0 - tolerance || x >= x1 + tolerance || y >= y1 + tolerance) beyond++;
  }
  if (area === 0) report('mask-empty', 'error', `${name}: the mask is empty.`);
  else if (beyond > 0.02 * area) {
    report('mask-beyond-box', 'warning', `${name}: ${beyond} of ${area} mask pixels lie outside of the box.`);
  }
}

function checkJoints(
  name: string,
  { keypoints }: ObjectAnnotation,
  { width, height }: RgbImage,
  dataset: Dataset,
  report: Report,
): void {
  if (!keypoints) return;
  const joints = dataset.skeleton?.joints;
  if (!joints || keypoints.length !== joints.length * 3) {
    report('joints', 'error', `${name}: ${keypoints.length / 3} joints, the skeleton has ${joints?.length ?? 0}.`);
    return;
  }
  for (let k = 0; k < joints.length; k++) {
    const [x, y, v] = [keypoints[k * 3]!, keypoints[k * 3 + 1]!, keypoints[k * 3 + 2]!];
    const inside = x >= -tolerance && y >= -tolerance && x <= width + tolerance && y <= height + tolerance;
    if (v > 0 && !inside) report('joint-outside', 'warning', `${name}: ${joints[k]} at (${x}, ${y}) lies outside.`);
  }
}
