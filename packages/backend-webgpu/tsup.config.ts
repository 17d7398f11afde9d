import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.base.ts';

export default defineConfig(
  packageBuild({ index: 'src/index.ts', 'dawn.node': 'src/dawn.node.ts', 'dawn.web': 'src/dawn.web.ts' }),
);
