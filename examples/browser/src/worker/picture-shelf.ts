import { GlidError, type RgbImage, type SceneRecord } from '@glid/base';
import { syntheticLabels, syntheticScenes } from '@glid/data';
import type { Picture } from '../protocol.ts';

/** A picture with whatever is known about it. */
export interface Shelved {
  readonly name: string;
  readonly image: RgbImage;
  /** Set for synthetic scenes, which know everything about themselves. */
  readonly scene?: SceneRecord;
}

/** The size of synthetic scenes. */
export const sceneSize = [192, 256] as const;
/** The longer side of pictures to be marked, at most. */
const lessonSide = 640;
/** Scenes drawn at most until one shows something: the one thing may lie outside. */
const tries = 8;

/** The pictures that the page has shown so far, decoded. */
export class PictureShelf {
  readonly #pictures = new Map<number, Shelved>();
  #next = 1;

  get(id: number): Shelved {
    const found = this.#pictures.get(id);
    if (found) return found;
    throw new GlidError('GLID_USAGE', 'This picture is no longer there.', { fix: 'Open it again.' });
  }

  drop(id: number): void {
    this.#pictures.delete(id);
  }

  async add(name: string, image: RgbImage, scene?: SceneRecord, id = this.#next++): Promise<Picture> {
    this.#pictures.set(id, { name, image, ...(scene ? { scene } : {}) });
    const boxes = (scene?.objects ?? []).map(({ label, box }) => ({ label, box }));
    return {
      id,
      name,
      width: image.width,
      height: image.height,
      bitmap: await createImageBitmap(toRgba(image)),
      boxes,
    };
  }

  /** A picture of its own with the longer side at most `lessonSide`. */
  async addCopy(id: number): Promise<Picture> {
    const { name, image } = this.get(id);
    const scale = Math.min(1, lessonSide / Math.max(image.width, image.height));
    const [resizeWidth, resizeHeight] = [image.width, image.height].map((side) =>
      Math.max(1, Math.round(side * scale)),
    );
    const options = { resizeWidth: resizeWidth!, resizeHeight: resizeHeight!, resizeQuality: 'high' } as const;
    return this.addBitmap(name, await createImageBitmap(toRgba(image), options));
  }

  /** A camera's frame; with `id` it takes the place of an earlier one. */
  addBitmap(name: string, bitmap: ImageBitmap, id?: number): Promise<Picture> {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const rgba = context.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(3 * width * height);
    for (let i = 0, o = 0; o < data.length; i += 4, o += 3) {
      data[o] = rgba[i]!;
      data[o + 1] = rgba[i + 1]!;
      data[o + 2] = rgba[i + 2]!;
    }
    return this.add(name, { width, height, data }, undefined, id);
  }

  /** The n-th synthetic scene; where some of the `labels` are things of scenes, one thing of these and nothing else. */
  async addScene(number: number, labels: readonly string[] = []): Promise<Picture> {
    const known = labels.filter((label) => syntheticLabels.includes(label));
    const chosen = known.length > 0 ? { labels: known, things: [1, 1] as const, people: 0 } : {};
    const first = number * tries;
    const scenes = syntheticScenes({ seed: 20, length: first + tries, size: sceneSize, ...chosen });
    let scene = await scenes.get(first);
    for (let i = first + 1; scene.objects!.length === 0 && i < first + tries; i++) scene = await scenes.get(i);
    const picture = await this.add(`Scene ${number + 1}`, await scene.image(), scene);
    if (known.length === 0) return picture;
    // Class index of the scene -> place in `labels`, from 1.
    const places = scenes.semanticLabels!.map((name) => labels.indexOf(name) + 1);
    const { data } = await scene.semantic!();
    return { ...picture, pixels: Uint8Array.from(data, (label) => places[label] ?? 0) };
  }
}

export function toRgba({ width, height, data }: RgbImage): ImageData {
  const rgba = new ImageData(width, height);
  for (let i = 0, o = 0; i < data.length; i += 3, o += 4) {
    rgba.data[o] = data[i]!;
    rgba.data[o + 1] = data[i + 1]!;
    rgba.data[o + 2] = data[i + 2]!;
    rgba.data[o + 3] = 255;
  }
  return rgba;
}
