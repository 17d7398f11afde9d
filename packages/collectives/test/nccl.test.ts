import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { buildSimulator } from '@glid/cuda-sim';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, engine, setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cuda } from '../../backend-cuda/src/index.ts';
import { withoutCompiler } from '../../backend-cuda/test/simulator.ts';
import { local, nccl } from '../src/index.ts';
import { ncclPlaces, openNccl } from '../src/nccl-library.ts';

enableProdMode();
const program = new URL('./nccl-rank.ts', import.meta.url).pathname;
const node = [process.execPath, '--import', 'tsx', '--conditions=@glid/source', program];

const hasMpi = ((): boolean => {
  try {
    execFileSync('mpirun', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

interface Line {
  readonly rank: number;
  readonly version: number;
  readonly calls: { readonly sum: number[]; readonly sent: number[]; readonly kept: number[] };
  readonly onHost: Run;
  readonly onDevice: Run;
}
interface Run {
  /** A hash of the weights. */
  readonly bits: string;
  readonly losses: number[];
  readonly longest: number;
}

function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string; lines: Line[] }> {
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', NO_COLOR: '1' };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((done) => {
    const deadline = setTimeout(() => child.kill('SIGKILL'), 170_000);
    child.on('close', (code) => {
      clearTimeout(deadline);
      const json = output.split('\n').filter((line) => line.startsWith('{'));
      done({ code, output, lines: json.map((line) => JSON.parse(line) as Line) });
    });
  });
}

function expectSameTraining(lines: readonly Line[]): void {
  expect(lines.map(({ rank }) => rank).sort()).toEqual([0, 1]);
  for (const { calls, onHost, onDevice, version } of lines) {
    expect(version).toBe(23007);
    expect(calls).toMatchObject({ sum: [3, 20], sent: [2, 10] });
    expect(onDevice.losses).toEqual(onHost.losses);
    expect(onDevice.bits).toMatch(/^[0-9a-f]{64}$/);
    expect(onDevice.bits).toBe(onHost.bits);
    expect(onDevice.bits).toBe(lines[0]!.onDevice.bits);
    // Loss, pictures and the vote to stop; the weights and gradients stay on the device.
    expect(onDevice.longest).toBe(3);
    expect(onHost.longest).toBeGreaterThan(100);
  }
  expect(lines.map(({ calls }) => calls.kept[0]).sort()).toEqual([1, 2]);
}

describe('the search for libnccl', () => {
  it('looks at given places, GLID_CUDA_LIBS, the loader, toolkits, and what PyTorch brought along', () => {
    const wheel = '/venv/lib/python3.12/site-packages/nvidia/nccl/lib';
    const folders: Record<string, string[]> = {
      '/a': ['libnccl.so.2', 'libnccl-net.so'],
      '/cuda/lib64': ['libnccl.so', 'libnccl.so.2.30.7'],
      '/venv/lib': ['python3.12'],
      [wheel]: ['libnccl.so.2'],
    };
    const env = { GLID_CUDA_LIBS: '/a:/b/libnccl.so.2', CUDA_HOME: '/cuda', VIRTUAL_ENV: '/venv' };
    expect(ncclPlaces(['/given/libnccl.so'], { env, list: (folder) => folders[folder] ?? [] })).toEqual([
      ...['/given/libnccl.so', '/a/libnccl.so.2', '/b/libnccl.so.2', 'libnccl.so.2', 'libnccl.so'],
      ...['/cuda/lib64/libnccl.so.2.30.7', '/cuda/lib64/libnccl.so', '/usr/local/cuda/lib64/libnccl.so'],
      ...['/usr/lib/x86_64-linux-gnu/libnccl.so', `${wheel}/libnccl.so.2`],
      '/venv/lib/python3.12/dist-packages/nvidia/nccl/lib/libnccl.so',
    ]);
  });

  it('says everything it tried', async () => {
    const around = { env: { GLID_CUDA_LIBS: '/b/libnccl.so.2:/empty' }, list: () => [] };
    await expect(openNccl(['/none/libnccl.so'], around)).rejects.toMatchObject({
      code: 'GLID_BACKEND_UNAVAILABLE',
      message: expect.stringMatching(
        /libnccl was not found.*\/none\/libnccl\.so: no such file.*\/b\/libnccl\.so\.2: no such file.*\/empty\/libnccl\.so: no such file.*libnccl\.so\.2: .*nvidia-nccl/s,
      ),
    });
  });
});

describe.skipIf(withoutCompiler)('NCCL on the simulator (needs g++)', { timeout: 180_000 }, () => {
  it('one rank: sums and broadcasts are new tensors of the same values', async () => {
    const library = await buildSimulator();
    const backend = await cuda({ libraries: [library], cacheFolder: false }).create();
    expect(await setBackend('cuda')).toBe(true);
    const fast = await nccl({ memory: backend.memory, over: local(1)[0]!, libraries: [library] });
    const x = tensor([1, 2, 3, 4], [2, 2]);
    const results = [fast.onDevice.allReduceSum(x), fast.onDevice.broadcast(x)];
    for (const info of results) {
      const y: Tensor = engine().makeTensorFromTensorInfo(info as never);
      expect([y.shape, Array.from(await y.data())]).toEqual([
        [2, 2],
        [1, 2, 3, 4],
      ]);
      expect(backend.memory.addressOf(y)).not.toBe(backend.memory.addressOf(x));
    }
    expect(() => fast.onDevice.broadcast(x, 1)).toThrow(/ncclBroadcast failed: invalid argument \(4\), no such root/);
    expect(() => fast.onDevice.allReduceSum(tensor([1], [1], 'int32'))).toThrow(
      expect.objectContaining({ code: 'GLID_USAGE' }),
    );
    fast.dispose();
    fast.dispose();
    expect(() => fast.onDevice.allReduceSum(x)).toThrow(/disposed/);
    disposeConstants();
    await backend.dispose();
  });

  it('two ranks over TCP train as with sums on the host, bit for bit, and the host carries three numbers a step', async () => {
    const [library, port] = [await buildSimulator(), await freePort()];
    const rank = (k: number) => run(node[0]!, [...node.slice(1), library, String(k), '2', String(port)]);
    const jobs = await Promise.all([rank(0), rank(1)]);
    for (const { code, output } of jobs) expect(code, output).toBe(0);
    expectSameTraining(jobs.flatMap(({ lines }) => lines));
  });

  it.skipIf(!hasMpi)('two ranks over MPI do the same (needs mpirun of Open MPI)', { retry: 1 }, async () => {
    const { code, output, lines } = await run('mpirun', [
      '--oversubscribe',
      '-n',
      '2',
      ...node,
      await buildSimulator(),
    ]);
    expect(code, output).toBe(0);
    expectSameTraining(lines);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
