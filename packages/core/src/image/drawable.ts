/** `<img>`. */
export interface ImageElementLike {
  readonly naturalWidth: number;
  readonly naturalHeight: number;
  decode(): Promise<void>;
}

/** `<video>`: the frame that it shows. */
export interface VideoElementLike {
  readonly videoWidth: number;
  readonly videoHeight: number;
  readonly readyState: number;
}

/** WebCodecs `VideoFrame`. */
export interface VideoFrameLike {
  readonly displayWidth: number;
  readonly displayHeight: number;
  close(): void;
}

/** `ImageBitmap`. */
export interface ImageBitmapLike {
  readonly width: number;
  readonly height: number;
  close(): void;
}

/** `<canvas>` and `OffscreenCanvas`, with whatever context. */
export interface CanvasLike {
  readonly width: number;
  readonly height: number;
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of getContext differ between the two kinds of canvas
  getContext(...args: any[]): unknown;
}

/** Anything that a 2D canvas can draw. */
export type Drawable = ImageElementLike | VideoElementLike | VideoFrameLike | ImageBitmapLike | CanvasLike;

export function isDrawable(input: object): input is Drawable {
  return (
    'naturalWidth' in input ||
    'videoWidth' in input ||
    'displayWidth' in input ||
    ('width' in input && 'height' in input && ('close' in input || 'getContext' in input))
  );
}

/** The part of a 2D context that is used. */
export interface Context2dLike {
  drawImage(image: Drawable, x: number, y: number, width: number, height: number): void;
  getImageData(
    x: number,
    y: number,
    width: number,
    height: number,
    settings?: { colorSpace: 'srgb' },
  ): { readonly data: Uint8ClampedArray };
}

/** Makes the 2D context of a new canvas. */
export type CreateContext2d = (width: number, height: number) => Context2dLike | null;

/** A canvas of this browser or worker; null where there is none. */
export function createContext2d(width: number, height: number): Context2dLike | null {
  const globals = globalThis as {
    OffscreenCanvas?: new (width: number, height: number) => CanvasLike;
    document?: { createElement(name: 'canvas'): CanvasLike & { width: number; height: number } };
  };
  let canvas: CanvasLike;
  if (globals.OffscreenCanvas) {
    canvas = new globals.OffscreenCanvas(width, height);
  } else if (globals.document) {
    canvas = Object.assign(globals.document.createElement('canvas'), { width, height });
  } else {
    return null;
  }
  return canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' }) as Context2dLike | null;
}
