import { GlidError } from '@glid/base';
import type { FileSource } from '../files/file-source.ts';

export { decodeWithBrowser as decodePicture } from './decode-with-browser.ts';

/** Pages have no folders. */
export function openFolder(folder: string): FileSource {
  throw new GlidError('GLID_USAGE', `The folder '${folder}' cannot be opened here: only Node reads folders.`, {
    fix: 'Pass a FileSource, for example memoryFiles(…), instead of a path.',
  });
}
