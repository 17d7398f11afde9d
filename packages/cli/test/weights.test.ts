import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkpointFile } from '../src/model/checkpoint-file.ts';
import { temporaryFolder } from './run-glid.ts';

const home = process.cwd();
afterAll(() => process.chdir(home));

describe('the weights behind a name', () => {
  it('may be those of an installed package', async () => {
    const root = await temporaryFolder();
    const folder = join(root, 'node_modules/@someone/weights');
    await mkdir(join(root, 'deep/inside'), { recursive: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "name": "@someone/weights" }');
    await writeFile(join(folder, 'model.safetensors'), '');
    process.chdir(join(root, 'deep/inside'));
    expect(await checkpointFile('@someone/weights')).toBe(join(folder, 'model.safetensors'));
    await expect(checkpointFile('@someone/other')).rejects.toThrow(/npm install @someone\/other/);
    await expect(checkpointFile('other')).rejects.toThrow(/no other.*package of weights/);
  });
});
