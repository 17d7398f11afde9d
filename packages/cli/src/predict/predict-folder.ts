import { join } from 'node:path';
import { GlidError, type RgbImage } from '@glid/base';
import type { Model } from '@glid/core';
import { decodeImage } from '@glid/data';
import { readBytes } from '../files/read.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { ahead } from './ahead.ts';
import { annotate } from './annotate.ts';
import type { PictureFile } from './find-pictures.ts';
import { plainResult } from './plain-result.ts';

export interface PredictRun {
  readonly model: Model;
  readonly out: string;
  /** Which heads to ask; all when absent. */
  readonly heads?: readonly string[] | undefined;
  /** Longest side that pictures are brought to; the model's own when absent. */
  readonly longest?: number | undefined;
  /** Options of post-processing by head key. */
  readonly options: { readonly [key: string]: object };
  /** The first picture that cannot be read is an error. */
  readonly strict: boolean;
  readonly signal: AbortSignal;
  readonly onPicture: (name: string) => void;
  readonly onSkipped: (error: GlidError) => void;
}

interface Decoded extends PictureFile {
  readonly image: RgbImage | GlidError;
}

/** Pictures that are decoded before the model gets to them. */
const lookahead = 2;
const unreadable = ['GLID_IMAGE', 'GLID_IO', 'GLID_DATA'] as const;

/**
 * Looks at pictures one after the other: the next ones are decoded, and the last one's files written, while the model computes.
 * Nothing is held longer than that, however many there are.
 */
export async function predictPictures(
  pictures: AsyncIterable<PictureFile>,
  run: PredictRun,
): Promise<{ predicted: number; skipped: string[] }> {
  const skipped: string[] = [];
  let predicted = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const picture of ahead(pictures, lookahead, decode)) {
      run.signal.throwIfAborted();
      if (GlidError.isInstance(picture.image)) {
        if (run.strict) throw picture.image;
        skipped.push(picture.path);
        run.onSkipped(picture.image);
        continue;
      }
      const image = picture.image as RgbImage;
      const results = (await run.model.predict(image, {
        signal: run.signal,
        options: run.options as never,
        ...(run.heads ? { heads: run.heads } : {}),
        ...(run.longest === undefined ? {} : { resize: { longest: run.longest } }),
      })) as { readonly [key: string]: unknown };
      await writing;
      writing = write(picture, image, results, run);
      writing.catch(() => undefined); // awaited before the next one
      predicted++;
      run.onPicture(picture.name);
    }
  } finally {
    await writing;
  }
  return { predicted, skipped };
}

async function decode(picture: PictureFile): Promise<Decoded> {
  try {
    return { ...picture, image: await decodeImage(await readBytes(picture.path), { source: picture.path }) };
  } catch (error) {
    if (!unreadable.some((code) => GlidError.isInstance(error, code))) throw error;
    return { ...picture, image: error as GlidError };
  }
}

/** The JSON comes last: where it is, all the files that it names are. */
async function write(
  { path, name }: PictureFile,
  image: RgbImage,
  results: { readonly [key: string]: unknown },
  { model, out }: PredictRun,
): Promise<void> {
  const keys = Object.keys(results);
  const heads: Record<string, unknown> = {};
  for (const key of keys) {
    const head = model.heads[key]!;
    const own = keys.length === 1 ? name : `${name}.${key}`;
    const picture = annotate(image, head, results[key]);
    const { json, files } = plainResult(results[key], own);
    for (const file of files) await writeAtomically(join(out, file.name), file.bytes);
    if (picture) await writeAtomically(join(out, `${own}.png`), picture);
    heads[key] = { head: head.id, result: json };
  }
  const about = { file: path, width: image.width, height: image.height, heads };
  await writeAtomically(join(out, `${name}.json`), `${JSON.stringify(about)}\n`);
}
