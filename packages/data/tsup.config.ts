import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.base.ts';

export default defineConfig(
  packageBuild(['src/index.ts', 'src/platform/node.ts', 'src/platform/web.ts'], {
    dts: { entry: 'src/index.ts', compilerOptions: { customConditions: [] } },
  }),
);
