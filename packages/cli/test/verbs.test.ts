import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFile, loadWeights, saveWeights, writeWeights } from '@glid/core';
import { decodeDepthPng, decodeImage, decodeLabelPng } from '@glid/data';
import type { Json } from '@glid/head-kit';
import { beforeAll, describe, expect, it } from 'vitest';
import { glid, runGlid, temporaryFolder } from './run-glid.ts';
import { microBackbone, writeCoco, writeFolder } from './tiny-data.ts';

const here = import.meta.dirname;
const wasm = ['--backend', 'wasm'];
const scenes = ['--data', 'synthetic', '--size', '64', '--limit', '6'];
const short = ['--eval-limit', '2', '--steps', '3', '--batch-size', '2', '--checkpoint-every', '1', ...wasm];

let root: string;
let micro: string[];
let pretrained: string;
let tuned: string;

/** Names of all files below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

beforeAll(async () => {
  root = await temporaryFolder();
  micro = ['--backbone', join(root, 'micro.json')];
  pretrained = join(root, 'pretrained');
  tuned = join(root, 'tuned');
  await writeFile(micro[1]!, JSON.stringify(microBackbone));
  await writeFolder(join(root, 'pictures'));
  await writeFile(join(root, 'pictures/images/broken.png'), 'not a picture');
}, 60_000);

describe('pretrain and finetune', () => {
  it('pretrain leaves a run folder that explains itself', async () => {
    const { code, json, stderr } = await glid('pretrain', ...scenes, ...short, ...micro, '--out', pretrained, '--json');
    expect(code, stderr).toBe(0);
    expect(json).toMatchObject({ run: pretrained, steps: 3, skipped: 0, file: join(pretrained, 'model.safetensors') });
    const files = await filesIn(pretrained);
    expect(files).toEqual(
      expect.arrayContaining([
        'config.json',
        'log.jsonl',
        'report.html',
        'model.safetensors',
        'model.json',
        'checkpoints/step-000000003/model.safetensors',
        'pictures/reconstructions-1.png',
      ]),
    );
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const config = JSON.parse(await readFile(join(pretrained, 'config.json'), 'utf8'));
    expect(config).toMatchObject({
      verb: 'pretrain',
      steps: 3,
      options: { batchSize: 2 },
      data: { pictures: 6, held: 2 },
    });
    expect(await readFile(join(pretrained, 'report.html'), 'utf8')).toContain('Reconstructions');
  });

  it('finetune trains several heads from that checkpoint and says what it took', async () => {
    const { code, json, stderr } = await glid(
      ...['finetune', '--head', 'detection,seg=segmentation,depth', '--head-config', '{"seg":{"mode":"semantic"}}'],
      ...[...scenes, ...short, '--from', pretrained, '--out', tuned, '--json'],
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/encoder +86 loaded, 0 new/);
    const { evaluations } = json as { evaluations: { metrics: Record<string, number | null> }[] };
    expect(Object.keys(evaluations.at(-1)!.metrics)).toEqual(
      expect.arrayContaining(['detection.AP', 'seg.mIoU', 'depth.absRel']),
    );
    const report = await readFile(join(tuned, 'report.html'), 'utf8');
    for (const key of ['detection', 'seg', 'depth']) {
      expect(report).toContain(`Predictions: ${key}`);
      expect(report).toContain(`Where queries look: ${key}`);
    }
    const names = await filesIn(join(tuned, 'pictures'));
    expect(names.filter((name) => name.startsWith('where-queries-look-depth'))).toHaveLength(8);
  });

  it('refuses a folder that holds a run', async () => {
    const { code, stderr } = await glid('pretrain', ...scenes, ...short, ...micro, '--out', pretrained);
    expect(code).toBe(2);
    expect(stderr).toContain('--resume');
  });

  it('uses the folder again of a run that failed before its first checkpoint', async () => {
    const out = join(root, 'again');
    const failed = await glid('pretrain', ...scenes, ...short, ...micro, '--average', '2', '--out', out);
    expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining('average.decay is 2')]);
    expect((await filesIn(out)).sort()).toEqual(['config.json', 'log.jsonl', 'report.html']);
    const again = ['pretrain', ...scenes, ...short, ...micro, '--steps', '1', '--out', out];
    const stopped = await runGlid(again, AbortSignal.abort());
    expect([stopped.code, stopped.stderr]).toEqual([1, expect.stringContaining('Stopped before the first step')]);
    const { code, stderr } = await glid(...again);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))).toMatchObject({ options: { steps: 1 } });
    expect(await readFile(join(out, 'log.jsonl'), 'utf8')).not.toContain('"failed"');
  });

  it('Ctrl-C stops after a checkpoint; --resume ends where an undisturbed run ends', async () => {
    const out = join(root, 'interrupted');
    const controller = new AbortController();
    const options = [...scenes, ...short, ...micro, '--out', out];
    let stderr = '';
    const { main } = await import('../src/main.ts');
    const streams = {
      stdout: { write: () => true },
      stderr: {
        write: (text: string) => {
          stderr += text;
          if (text.startsWith('1/3')) controller.abort();
        },
      },
    };
    expect(await main(['pretrain', ...options], streams, controller.signal)).toBe(1);
    expect(stderr).toMatch(/Stopped after step 1.*--resume --out/s);
    expect(await filesIn(out)).toContain('checkpoints/step-000000001/state.json');
    expect(await filesIn(out)).not.toContain('model.safetensors');
    const resumed = await glid('pretrain', '--resume', '--out', out, '--json');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/going on from step-000000001/);
    expect(await readFile(join(out, 'model.safetensors'))).toEqual(
      await readFile(join(pretrained, 'model.safetensors')),
    );
  });

  it.each([
    [['--resume', '--out', 'nowhere'], 2, /holds no run to resume/],
    [['--out', 'x', '--steps', '2'], 2, /--data is missing/],
    [['--out', 'x', '--data', 'nowhere'], 1, /There is no nowhere/],
    [['--out', 'x', '--data', 'synthetic', '--size', '10000'], 2, /height x width/],
    [['--out', 'x', '--data', 'synthetic', '--steps', '1', '--epochs', '1'], 2, /both given/],
    [['--out', 'x', '--data', 'synthetic', '--backbone', 'nanno'], 2, /Did you mean 'nano'/],
    [['--out', '/dev/null/x', '--data', 'synthetic', '--limit', '2'], 1, /cannot be/],
    [['--out', 'x', '--data', 'synthetic', '--from', 'nowhere'], 1, /There is no nowhere/],
    [['--out', 'x', '--data', 'synthetic', '--unit', '7'], 2, /One of: 4, 8, 16, 32, 64/],
    [['--out', 'x', '--data', 'synthetic', '--mask-ratio', '1.5'], 2, /at most 1/],
    [['--out', 'x', '--data', join(here, 'tiny-data.ts')], 2, /neither a folder nor an annotation file/],
  ])('pretrain refuses %j', async (args, expectedCode, message) => {
    const { code, stderr, stdout } = await glid('pretrain', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expectedCode);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
  });

  it.each([
    [['--head', 'detectoin'], 2, /Did you mean 'detection'/],
    [['--head', '@acme/none'], 2, /npm install @acme\/none/],
    [['--head', './none.js'], 2, /no head file/],
    [['--head', join(here, 'tiny-data.ts')], 2, /exports no head/],
    [['--head', 'detection', '--head-config', '{"quieres":3}'], 2, /queries/],
    [['--head', 'detection', '--head-config', '{'], 2, /not JSON/],
    [['--head', 'pose,depth'], 2, /Train it alone/],
    [['--head', 'a=depth,a=depth'], 2, /same key/],
  ])('finetune refuses %j', async (args, expectedCode, message) => {
    const { code, stderr } = await glid(
      'finetune',
      ...scenes,
      ...short,
      ...micro,
      '--out',
      join(root, 'refused'),
      ...args,
    );
    expect(stderr).toMatch(message);
    expect(code).toBe(expectedCode);
    expect(stderr).not.toContain('    at ');
  });

  it('skips and counts unreadable pictures; --strict stops at them', async () => {
    const data = ['--data', join(root, 'pictures'), '--list', 'all.txt', '--size', '64', '--no-evaluate'];
    await writeFile(join(root, 'pictures/all.txt'), 'broken.png\n0.png\n1.png\n');
    const lax = await glid('pretrain', ...data, ...short, ...micro, '--out', join(root, 'lax'), '--json');
    expect(lax.code, lax.stderr).toBe(0);
    expect(lax.json).toMatchObject({ skipped: 1 });
    expect(lax.stderr).toContain('broken.png');
    const strict = await glid('pretrain', ...data, ...short, ...micro, '--strict', '--out', join(root, 'strict'));
    expect(strict.code).toBe(1);
    expect(strict.stderr).toContain('broken.png');
    const none = ['--max-skipped', '0', '--out', join(root, 'none-skipped')];
    const limited = await glid('pretrain', ...data, ...short, ...micro, ...none);
    expect([limited.code, limited.stderr]).toEqual([1, expect.stringContaining('More than 0 records')]);
  });

  it('trains pose on single bodies and learns two pictures by heart', async () => {
    const out = join(root, 'pose');
    const { code, stderr, json } = await glid(
      ...['finetune', '--head', 'pose', '--data', 'synthetic', '--size', '64x48', '--limit', '4', '--overfit', '2'],
      ...[...short, ...micro, '--out', out, '--json'],
    );
    expect(code, stderr).toBe(0);
    expect(json).toMatchObject({ steps: 3 });
    const {
      code: scored,
      json: metrics,
      stderr: text,
    } = await glid(...['evaluate', '--model', out, '--data', 'synthetic', '--limit', '2', ...wasm, '--json']);
    expect(scored, text).toBe(0);
    expect(Object.keys((metrics as { metrics: { pose: object } }).metrics.pose)).toEqual(
      expect.arrayContaining(['AP', 'AP50', 'APm', 'AR']),
    );
    const checkpoint = join(out, 'checkpoints/step-000000003/model.safetensors');
    const { json: about } = await glid('inspect', checkpoint, '--json');
    expect(about).toMatchObject({ about: { provenance: { verb: 'finetune', size: [64, 48] } } });
  });
});

describe('predict', () => {
  it('writes annotated pictures, maps and JSON, and skips what is broken', async () => {
    const out = join(root, 'out');
    const { code, json, stderr } = await glid(
      'predict',
      '--model',
      tuned,
      join(root, 'pictures'),
      '--out',
      out,
      ...wasm,
      '--json',
    );
    expect(code, stderr).toBe(0);
    expect(json).toMatchObject({ predicted: 3, skipped: [join(root, 'pictures/images/broken.png')] });
    expect(stderr).toContain('1 of 4 pictures could not be read');
    expect((await filesIn(out)).sort()).toEqual(
      [0, 1, 2].flatMap((i) => [
        `images/${i}.depth.depth.png`,
        `images/${i}.depth.png`,
        `images/${i}.detection.png`,
        `images/${i}.json`,
        `images/${i}.seg.png`,
        `images/${i}.seg.semantic.png`,
      ]),
    );
    const about = JSON.parse(await readFile(join(out, 'images/0.json'), 'utf8'));
    expect(about).toMatchObject({ width: 64, height: 64 });
    expect(about.heads.depth.result.depth).toEqual({ file: '0.depth.depth.png', encoding: 'thousandths' });
    const read = async (name: string) => new Uint8Array(await readFile(join(out, 'images', name)));
    expect((await decodeImage(await read('0.detection.png'))).width).toBe(64);
    const depth = await decodeDepthPng(await read('0.depth.depth.png'), 'depth', 0.001);
    expect(depth.data.every((metres) => metres > 0 && metres <= 10)).toBe(true);
    expect((await decodeLabelPng(await read('0.seg.semantic.png'), 'map')).data.every((value) => value < 11)).toBe(
      true,
    );
  });

  it('asks one head by name: one picture each', async () => {
    const out = join(root, 'one');
    const { code, stderr } = await glid(
      ...[
        'predict',
        '--model',
        tuned,
        join(root, 'pictures/images/0.png'),
        '--only',
        'detection',
        '--out',
        out,
        ...wasm,
      ],
    );
    expect(code, stderr).toBe(0);
    expect((await filesIn(out)).sort()).toEqual(['0.json', '0.png']);
  });

  it('keeps pictures of the same name apart', async () => {
    await mkdir(join(root, 'twins'));
    await copyFile(join(root, 'pictures/images/0.png'), join(root, 'twins/a.png'));
    await copyFile(join(root, 'pictures/images/1.png'), join(root, 'twins/a.jpg'));
    const out = join(root, 'twins-out');
    const inputs = ['twins', 'twins', 'twins/a.png'].map((name) => join(root, name));
    await glid('predict', '--model', tuned, ...inputs, '--only', 'detection', '--out', out, ...wasm);
    const found = (await filesIn(out)).filter((name) => name.endsWith('.json')).sort();
    expect(found).toEqual(['a-2.json', 'a-3.json', 'a.jpg.json', 'a.json', 'a.png.json']);
  });

  it('makes pictures as large as the checkpoint says, and says how large where it does not', async () => {
    const checkpoint = await loadWeights(fromFile(join(tuned, 'model.safetensors')));
    const tensors = Object.fromEntries(checkpoint.names.map((name) => [name, checkpoint.tensor(name)]));
    const predictWith = async (name: string, provenance: { [fact: string]: Json }) => {
      const files = await saveWeights(tensors, { metadata: { ...checkpoint.about!, provenance }, name: 'model' });
      await writeWeights(join(root, name), files);
      const args = ['--model', join(root, name), join(root, 'pictures/images/0.png'), '--only', 'detection'];
      return glid('predict', ...args, '--out', join(root, `${name}-out`), ...wasm);
    };
    const silent = await predictWith('silent', {});
    expect(silent.stderr).toContain('does not say at which size it was trained: pictures are made 128 px long');
    expect(silent.stderr).toContain('--longest');
    const told = await predictWith('told', { resize: { longest: 64 } });
    expect([silent.code, told.code, told.stderr]).toEqual([0, 0, expect.not.stringContaining('does not say')]);
    const [byResize, bySize] = await Promise.all(
      ['told-out', 'one'].map(async (out) => JSON.parse(await readFile(join(root, out, '0.json'), 'utf8'))),
    );
    expect(byResize.heads).toEqual(bySize.heads);
  });

  it('is not led astray by folders that look like pictures', async () => {
    await mkdir(join(root, 'odd/folder.png'), { recursive: true });
    await copyFile(join(root, 'pictures/images/0.png'), join(root, 'odd/folder.png/b.png'));
    const args = ['--model', tuned, join(root, 'odd'), '--only', 'detection', '--out', join(root, 'odd-out')];
    const { code, json } = await glid('predict', ...args, ...wasm, '--json');
    expect([code, json]).toEqual([0, expect.objectContaining({ predicted: 1, skipped: [] })]);
  });

  it.each([
    ['--strict', ['pictures'], /broken\.png/],
    ['a missing file', ['pictures/none.png'], /There is no .*none\.png/],
    ['nothing but broken pictures', ['pictures/images/broken.png'], /No picture could be read/],
    ['a folder without pictures', ['pretrained/checkpoints'], /There are no pictures/],
  ])('fails with %s', async (name, inputs, message) => {
    const paths = inputs.map((input) => join(root, input));
    const strict = name === '--strict' ? ['--strict'] : [];
    const { code, stderr } = await glid(
      'predict',
      '--model',
      tuned,
      ...paths,
      '--out',
      join(root, 'no'),
      ...strict,
      ...wasm,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    ['nowhere', /There is no/],
    ['pictures', /no model in the folder/],
    ['pretrained', /has no head: it is pre-trained only/],
    ['micro.json', /manifest/],
  ])('refuses the model %s', async (model, message) => {
    const { code, stderr } = await glid(
      'predict',
      '--model',
      join(root, model),
      join(root, 'pictures'),
      '--out',
      'no',
      ...wasm,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });

  it('refuses a checkpoint of another format version, and a damaged one', async () => {
    const bytes = await readFile(join(tuned, 'model.safetensors'));
    const other = Buffer.from(bytes.toString('latin1').replace('"formatVersion":"1"', '"formatVersion":"9"'), 'latin1');
    await writeFile(join(root, 'other.safetensors'), other);
    await writeFile(join(root, 'cut.safetensors'), bytes.subarray(0, bytes.length - 100));
    const [newer, cut] = [
      await glid('inspect', join(root, 'other.safetensors')),
      await glid('inspect', join(root, 'cut.safetensors')),
    ];
    expect([newer.code, cut.code]).toEqual([1, 1]);
    expect(newer.stderr).toMatch(/format version is 9.*Update @glid\/core/);
    expect(cut.stderr).toMatch(/cut\.safetensors/);
  });

  it('writes nothing where it must not', async () => {
    const { code, stderr } = await glid(
      ...['predict', '--model', tuned, join(root, 'pictures/images/0.png'), '--out', join(root, 'micro.json'), ...wasm],
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/micro\.json is a file/);
    expect(JSON.parse(await readFile(join(root, 'micro.json'), 'utf8'))).toEqual(microBackbone);
  });

  it('never replaces the pictures that it looks at, nor looks at its own results', async () => {
    const own = join(root, 'own');
    await mkdir(own);
    await copyFile(join(root, 'pictures/images/0.png'), join(own, 'a.png'));
    for (const input of [own, join(own, 'a.png')]) {
      const { code, stderr } = await glid('predict', '--model', tuned, input, '--out', `${own}/.`, ...wasm);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/could replace your own pictures/)]);
    }
    for (let round = 0; round < 2; round++) {
      const args = ['--model', tuned, own, '--only', 'detection', '--out', join(own, 'found'), ...wasm];
      const { code, stderr } = await glid('predict', ...args);
      expect(code, stderr).toBe(0);
    }
    expect((await filesIn(own)).sort()).toEqual(['a.png', 'found/a.json', 'found/a.png']);
  });

  it('stops at Ctrl-C with whole results only', async () => {
    const controller = new AbortController();
    controller.abort();
    const out = join(root, 'stopped');
    const args = ['predict', '--model', tuned, join(root, 'pictures'), '--out', out, ...wasm];
    const { code, stderr } = await runGlid(args, controller.signal);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Stopped|aborted/);
    expect(stderr).not.toContain('not foreseen');
    expect(await filesIn(out).catch(() => [])).toEqual([]);
  });
});

describe("a third party's head", () => {
  const head = join(here, 'brightness-head.ts');

  it('is trained, evaluated and used from its file, and never loaded because a checkpoint names it', async () => {
    const out = join(root, 'brightness');
    const args = [...scenes, ...short, '--from', pretrained, '--out', out];
    const { code, stderr } = await glid(
      'finetune',
      '--head',
      `bright=${head}`,
      '--head-config',
      '{"scale":2}',
      ...args,
    );
    expect(code, stderr).toBe(0);
    const picture = join(root, 'pictures/images/0.png');
    const without = await glid('predict', '--model', out, picture, '--out', join(root, 'b'), ...wasm, '--json');
    expect(without.code).toBe(1);
    expect(without.json).toMatchObject({ error: { code: 'GLID_CHECKPOINT_HEAD_UNKNOWN' } });
    expect(without.stderr).toContain('npm install @acme/glid-head-brightness@^2.1.0');
    const withHead = await glid('predict', '--model', out, picture, '--head', head, '--out', join(root, 'b'), ...wasm);
    expect(withHead.code, withHead.stderr).toBe(0);
    const { heads } = JSON.parse(await readFile(join(root, 'b/0.json'), 'utf8'));
    expect(heads.bright).toMatchObject({
      head: '@acme/glid-head-brightness',
      result: { brightness: expect.any(Number) },
    });
    const scored = await glid('evaluate', '--model', out, '--head', head, ...scenes, ...wasm, '--json');
    expect(scored.json).toMatchObject({ metrics: { bright: { meanError: expect.any(Number) } } });
  });
});

describe('the other verbs', () => {
  it('evaluate gives the metrics of every head under the names of score', async () => {
    const { code, json, stderr } = await glid('evaluate', '--model', tuned, ...scenes, ...wasm, '--json');
    expect(code, stderr).toBe(0);
    const { metrics, pictures } = json as { metrics: Record<string, object>; pictures: number };
    expect(pictures).toBe(6);
    expect(Object.keys(metrics.detection!)).toEqual(expect.arrayContaining(['AP', 'AP50', 'AR100', 'ARl']));
    expect(Object.keys(metrics.depth!)).toEqual(expect.arrayContaining(['d1', 'absRel', 'silog']));
    expect(Object.keys(metrics.seg!)).toEqual(expect.arrayContaining(['mIoU', 'pixelAccuracy']));
  });

  it('inspect names tensors, heads, labels and the digest', async () => {
    const { code, json, stderr } = await glid('inspect', tuned, '--tensors', '--json');
    expect(code, stderr).toBe(0);
    const { about, sha256, tensors } = json as {
      about: { heads: { key: string; labels: string[] }[]; provenance: object };
      sha256: string;
      tensors: unknown[];
    };
    expect(about.heads.map(({ key }) => key)).toEqual(['detection', 'seg', 'depth']);
    expect(about.heads[0]!.labels).toContain('ball');
    expect(about.provenance).toMatchObject({ verb: 'finetune', size: [64, 64], seed: 0 });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(tensors.length).toBeGreaterThan(200);
  });

  it('check-data exits with 0 for sound data and 1 for data with errors, with the whole report', async () => {
    const sound = await glid('check-data', '--data', join(root, 'pictures'), '--json');
    expect(sound.code, sound.stderr).toBe(0);
    const bad = join(root, 'bad');
    await writeCoco(bad);
    const path = join(bad, 'annotations/instances_train.json');
    const file = JSON.parse(await readFile(path, 'utf8'));
    file.annotations[0].bbox = [60, 60, 30, 30];
    await writeFile(path, JSON.stringify(file));
    const { code, json } = await glid('check-data', '--data', bad, '--against-split', 'val', '--json');
    expect(code).toBe(1);
    expect(json).toMatchObject({ format: 'coco', sound: false });
    expect(JSON.stringify(json)).toContain('box-outside');
  });

  it('benchmark measures prediction and training', async () => {
    const { code, json, stderr } = await glid('benchmark', '--count', '2', '--size', '64', ...micro, ...wasm, '--json');
    expect(code, stderr).toBe(0);
    expect(json).toMatchObject({ predict: { median: expect.any(Number) }, train: { median: expect.any(Number) } });
  });

  it('info names the backend that would run and every reason against the others', async () => {
    const { code, json } = await glid('info', '--json');
    expect(code).toBe(0);
    const { backend, heads } = json as { backend: { chosen: object; rejected: { reason: string }[] }; heads: object };
    expect(backend.chosen).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    expect(backend.rejected.every(({ reason }) => reason.length > 0)).toBe(true);
    expect(heads).toMatchObject({ detection: expect.any(String) });
  });
});
