export { decodeWithSharp as decodePicture } from './decode-with-sharp.ts';
export { nodeFiles as openFolder } from './node-files.ts';
