import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.base.ts';

export default defineConfig([
  packageBuild({ index: 'src/index.ts', 'gradients/index': 'src/gradients/index.ts' }),
  // Node cannot resolve the file's own imports, so it is bundled; a web bundler can, and shares tfjs-core with the page.
  packageBuild(['src/gradients.node.ts'], {
    dts: false,
    sourcemap: false,
    clean: false,
    noExternal: [/.*/],
    treeshake: false,
  }),
  packageBuild(['src/gradients.web.ts'], { dts: false, clean: false, external: [/@tensorflow/] }),
]);
