import { GlidError } from '@glid/base';
import type { BackendName } from '../backend/candidates.ts';
import { backendOption, chooseBackend } from '../backend/choose-backend.ts';
import type { Command } from '../command.ts';
import { ownHeads } from '../heads/load-head.ts';
import { openModel, unknownSize } from '../model/open-model.ts';
import { checkPaths, findPictures, openOutput } from '../predict/find-pictures.ts';
import { predictPictures } from '../predict/predict-folder.ts';

export const predict: Command = {
  name: 'predict',
  summary: 'Annotated pictures and JSON for pictures and folders of them.',
  usage: 'glid predict --model CKPT IMAGE|FOLDER... --out DIR [options]',
  options: {
    model: { kind: 'string', placeholder: 'CKPT', help: 'a .safetensors file or a run folder', required: true },
    out: { kind: 'string', placeholder: 'DIR', help: 'folder for the results', required: true },
    head: {
      kind: 'list',
      placeholder: 'HEAD,…',
      help: "packages, files or folders of heads that are not this project's own",
    },
    only: { kind: 'list', placeholder: 'KEY,…', help: 'ask only these heads of the model' },
    longest: {
      kind: 'integer',
      placeholder: 'PIXELS',
      help: 'longest side of the network input (default as trained)',
      minimum: 16,
    },
    threshold: {
      kind: 'number',
      placeholder: 'T',
      help: 'detection: leave out what scores less',
      minimum: 0,
      maximum: 1,
      default: 0.05,
    },
    strict: { kind: 'boolean', help: 'fail at the first picture that cannot be read, instead of skipping it' },
    backend: backendOption,
  },
  positionals: ['IMAGE|FOLDER...'],
  async run({ options, positionals, output, signal }) {
    await checkPaths(positionals);
    const { backend } = await chooseBackend(options.backend as BackendName, output);
    const opened = await openModel(options.model as string, options.head as readonly string[] | undefined);
    const { model, file } = opened;
    if (!opened.sizeKnown && options.longest === undefined) output.warn(unknownSize(opened, '--longest'));
    const out = await openOutput(options.out as string, positionals);
    const keys = Object.entries(model.heads);
    const threshold = options.threshold as number;
    const started = performance.now();
    let done = 0;
    const { predicted, skipped } = await predictPictures(findPictures(positionals, out), {
      model,
      out: options.out as string,
      heads: options.only as readonly string[] | undefined,
      longest: options.longest as number | undefined,
      options: Object.fromEntries(
        keys.filter(([, head]) => head.id === ownHeads.detection).map(([key]) => [key, { threshold }]),
      ),
      strict: options.strict === true,
      signal,
      onPicture: (name) => output.count(++done, name),
      onSkipped: (error) => output.warn(`skipped: ${error.message}`),
    });
    const seconds = (performance.now() - started) / 1000;
    if (predicted === 0) {
      throw new GlidError('GLID_DATA', skipped.length > 0 ? 'No picture could be read.' : 'There are no pictures.', {
        fix: 'Give pictures (jpg, png, webp, …) or folders that hold some.',
        details: { skipped: skipped.slice(0, 20) },
      });
    }
    if (skipped.length > 0)
      output.warn(`${skipped.length} of ${predicted + skipped.length} pictures could not be read.`);
    output.line(
      `${predicted} ${predicted === 1 ? 'picture' : 'pictures'} in ${seconds.toFixed(1)} s (${(predicted / seconds).toFixed(1)}/s) -> ${options.out}`,
    );
    model.dispose();
    return { model: file, out: options.out, backend: backend.description, predicted, skipped, seconds };
  },
};
