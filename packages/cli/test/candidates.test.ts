import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { backendCandidates } from '../src/backend/candidates.ts';

it('says of a package without its main file that it has to be built', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glid-'));
  const place = join(folder, 'node_modules/@glid/backend-cuda');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"name":"@glid/backend-cuda","exports":"./dist/index.js"}');
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
  try {
    const [cuda] = backendCandidates('cuda');
    const probe = await cuda!.probe();
    expect(probe).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^@glid\/backend-cuda is here.*npm run build/),
    });
  } finally {
    cwd.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
