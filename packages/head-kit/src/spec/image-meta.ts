export type { ImageMeta } from '@glid/base';
