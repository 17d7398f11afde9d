import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.base.ts';

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    glid: 'src/glid.ts',
    'tensorflow-hooks': 'src/startup/tensorflow-hooks.ts',
  }),
);
