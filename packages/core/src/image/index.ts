export type {
  CanvasLike,
  Drawable,
  ImageBitmapLike,
  ImageElementLike,
  VideoElementLike,
  VideoFrameLike,
} from './drawable.ts';
export type { Rgb } from './flatten-pixels.ts';
export type { ImageDataLike, ImageInput, ImageTensorOptions } from './to-image-tensor.ts';
export { toImageTensor } from './to-image-tensor.ts';
