import type { Dataset, RgbImage, SceneRecord } from '@glid/base';
import type { Report } from './issue.ts';

/** Sizes and values of semantic, panoptic and depth maps. Counts pixels by class into `pixels`. */
export async function checkMaps(
  record: SceneRecord,
  image: RgbImage,
  dataset: Dataset,
  report: Report,
  pixels: Map<string, number>,
): Promise<void> {
  const { width, height } = image;
  const fits = (name: string, map: { readonly width: number; readonly height: number }): void => {
    if (map.width === width && map.height === height) return;
    report('size', 'error', `the ${name} map is ${map.width} x ${map.height}, the picture ${width} x ${height}.`);
  };
  const semantic = await record.semantic?.();
  if (semantic) {
    fits('semantic', semantic);
    countClasses(semantic.data, dataset.semanticLabels ?? [], report, pixels);
  }
  const panoptic = await record.panoptic?.();
  if (panoptic) {
    fits('panoptic', panoptic.ids);
    const painted = new Set(panoptic.ids.data);
    for (const { id, label } of panoptic.segments) {
      if (!painted.has(id)) report('segments', 'warning', `segment ${id} (${label}) has no pixels.`);
      painted.delete(id);
    }
    painted.delete(0);
    if (painted.size > 0)
      report('segments', 'error', `ids ${[...painted].slice(0, 5).join(', ')} are painted but not listed.`);
  }
  const depth = await record.depth?.();
  if (depth) {
    fits('depth', depth);
    if (!depth.data.some((metres) => metres > 0)) report('depth-empty', 'error', 'no pixel has a depth.');
  }
}

function countClasses(
  data: ArrayLike<number>,
  labels: readonly string[],
  report: Report,
  pixels: Map<string, number>,
): void {
  const counts = new Map<number, number>();
  for (let i = 0; i < data.length; i++) counts.set(data[i]!, (counts.get(data[i]!) ?? 0) + 1);
  for (const [index, count] of counts) {
    const label = index === 255 ? 'ignore' : labels[index];
    if (label === undefined) report('class-index', 'error', `${count} pixels have class ${index} of ${labels.length}.`);
    else pixels.set(label, (pixels.get(label) ?? 0) + count);
  }
}
