import type { Dataset } from '@glid/base';
import type { Model } from '@glid/core';
import type { ReportPicture } from '@glid/core/train';
import { annotate } from '../predict/annotate.ts';

/** The pictures of a data set with what each head finds on them, for a report. */
export async function samplePredictions(
  model: Model,
  dataset: Dataset,
): Promise<{ readonly [heading: string]: readonly ReportPicture[] }> {
  const galleries: Record<string, ReportPicture[]> = {};
  for (let i = 0; i < dataset.length; i++) {
    const record = await dataset.get(i);
    const image = await record.image();
    const results = (await model.predict(image)) as { readonly [key: string]: unknown };
    const scale = Math.max(1, Math.round(256 / Math.max(image.width, image.height)));
    for (const [key, head] of Object.entries(model.heads)) {
      const png = annotate(image, head, results[key], scale);
      if (!png) continue;
      galleries[`Predictions: ${key}`] ??= [];
      galleries[`Predictions: ${key}`]!.push({
        title: record.id,
        dataUri: `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
      });
    }
  }
  return galleries;
}
