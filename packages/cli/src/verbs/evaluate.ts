import { evaluateHeads } from '@glid/core/train';
import { onePerObject, presets } from '@glid/data';
import type { BackendName } from '../backend/candidates.ts';
import { backendOption, chooseBackend } from '../backend/choose-backend.ts';
import type { Command } from '../command.ts';
import { dataOptions, dataRequest, sizeOf } from '../data/data-options.ts';
import { openDataset } from '../data/open-dataset.ts';
import { readableSource } from '../data/readable-source.ts';
import { chosenHeads, formatsFor, sourcesOf } from '../heads/head-data.ts';
import { ownHeads } from '../heads/load-head.ts';
import { openModel, unknownSize } from '../model/open-model.ts';
import { renamed } from '../score/score-coco.ts';
import { table } from '../table.ts';
import { usageError } from '../usage-error.ts';

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'The official metrics of a model on annotated pictures.',
  usage: 'glid evaluate --model CKPT --data PATH [options]',
  options: {
    model: { kind: 'string', placeholder: 'CKPT', help: 'a .safetensors file or a run folder', required: true },
    head: {
      kind: 'list',
      placeholder: 'HEAD,…',
      help: "packages, files or folders of heads that are not this project's own",
    },
    only: { kind: 'list', placeholder: 'KEY,…', help: 'evaluate only these heads of the model' },
    ...dataOptions,
    batchSize: { kind: 'integer', placeholder: 'N', help: 'pictures a batch', minimum: 1, default: 8 },
    strict: { kind: 'boolean', help: 'fail at the first picture that cannot be read, instead of skipping it' },
    backend: backendOption,
  },
  positionals: [],
  async run({ options, output, signal }) {
    const asked = dataRequest(options, 'test');
    const { backend } = await chooseBackend(options.backend as BackendName, output);
    const opened = await openModel(options.model as string, options.head as string[] | undefined);
    const { model, file } = opened;
    const heads = chosenHeads(model.heads, options.only as readonly string[] | undefined);
    const keys = Object.keys(heads);
    const isPose = Object.values(heads).some(({ id }) => id === ownHeads.pose);
    if (isPose && keys.length > 1) throw usageError('A pose head is evaluated alone.', 'Name the heads with --only.');
    const size = sizeOf(options) ?? opened.size;
    if (!opened.sizeKnown && sizeOf(options) === undefined) output.warn(unknownSize(opened, '--size'));
    const data = isPose && asked.data === 'synthetic' ? 'synthetic-figures' : asked.data;
    const wanted = formatsFor(Object.values(heads).map(({ id, config }) => ({ id, config: config as object })));
    const { dataset } = await openDataset({ ...asked, data, size, joints: isPose, wanted });
    const pictures = isPose ? await onePerObject(dataset) : dataset;
    const pipeline = presets.small[isPose ? 'pose' : 'detection'].test({ size });
    const skipped: string[] = [];
    const source = readableSource({
      dataset: pictures,
      sources: sourcesOf(heads),
      pipeline,
      batchSize: options.batchSize as number,
      onSkipped: options.strict
        ? undefined
        : ({ message }) => {
            skipped.push(message);
            output.warn(`skipped: ${message}`);
          },
    });
    const seen = new Map<string, number>();
    const { metrics } = await evaluateHeads({ config: model.config, heads, parameters: model.parameters }, source, {
      signal,
      onResults: (key, samples) => {
        seen.set(key, (seen.get(key) ?? 0) + samples.length);
        if (key === keys[0]) output.progress(seen.get(key)!, pictures.length, 'pictures');
      },
    });
    const byHead = Object.fromEntries(keys.map((key) => [key, renamed(under(metrics, `${key}.`))]));
    for (const [key, own] of Object.entries(byHead)) {
      output.line(`\n${key} on ${pictures.length - skipped.length} pictures of ${dataset.name}`);
      output.line(
        table(Object.entries(own).map(([name, value]) => [`  ${name}`, Number.isNaN(value) ? '–' : value.toFixed(4)])),
      );
    }
    model.dispose();
    return {
      model: file,
      data: dataset.name,
      pictures: pictures.length - skipped.length,
      skipped,
      backend: backend.description,
      metrics: byHead,
    };
  },
};

function under(metrics: { readonly [name: string]: number }, prefix: string): Record<string, number> {
  const own = Object.entries(metrics).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
