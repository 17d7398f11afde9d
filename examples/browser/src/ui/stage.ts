import type { Picture } from '../protocol.ts';
import { attempt, byId, onClick } from './dom.ts';
import type { App } from './state.ts';

/** About how many pixels the longer side of the canvas has when a small picture is to be marked. */
const shownSide = 1024;

/** Canvas pixels per picture pixel, for marks. */
export function scaleFor({ width, height }: { readonly width: number; readonly height: number }): number {
  return Math.max(1, Math.min(8, Math.round(shownSide / Math.max(width, height))));
}

/** Shows a bitmap as the picture, and says what it shows. */
export function showBitmap(bitmap: ImageBitmap, description: string, scale = 1): void {
  const canvas = byId<HTMLCanvasElement>('picture');
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, width, height);
  canvas.setAttribute('aria-label', description);
}

export function showName({ name, width, height }: Picture): void {
  byId('picture-name').textContent = `${name}, ${width} × ${height}`;
}

/** Where pictures come from: files, drops, scenes. `onCheckpoint` gets dropped weights. */
export function setUpSources(app: App, onCheckpoint: (file: File) => Promise<void>): void {
  const input = byId<HTMLInputElement>('picture-file');
  let scenes = 0;
  onClick('open-picture', () => input.click());
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    input.value = '';
    void attempt(async () => {
      for (const file of files) app.picture.set(await readPicture(app, file));
    });
  });
  onClick('scene', async () => app.picture.set(await nextScene(app, scenes++)));

  const hint = byId('drop-hint');
  let depth = 0;
  const over = (by: number): void => {
    depth = by === 0 ? 0 : Math.max(0, depth + by);
    hint.hidden = depth === 0;
  };
  document.addEventListener('dragenter', () => over(1));
  document.addEventListener('dragleave', () => over(-1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    over(0);
    const files = [...(event.dataTransfer?.files ?? [])];
    void attempt(async () => {
      for (const file of files) {
        if (/\.safetensors$/i.test(file.name)) await onCheckpoint(file);
        else app.picture.set(await readPicture(app, file));
      }
    });
  });
  let before: number | undefined;
  app.picture.onChange((picture) => {
    if (picture) showName(picture);
    const gone = before;
    before = picture?.id;
    if (gone !== undefined && gone !== before) void attempt(() => app.worker.call('dropPicture', gone));
  });
}

export async function readPicture({ worker }: App, file: File): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return worker.call('addFile', { bytes, name: file.name }, [bytes.buffer]);
}

/** A scene with the things that the model can find. */
export function nextScene({ worker, model }: App, number: number): Promise<Picture> {
  const labels =
    model.value?.state === 'new' || model.value?.state === 'backbone'
      ? []
      : (model.value?.heads.find(({ key }) => key === 'detection')?.labels ?? []);
  return worker.call('addScene', { number: 100 + number, labels });
}
