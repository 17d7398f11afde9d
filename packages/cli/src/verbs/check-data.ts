import { checkDataset, formatReport } from '@glid/data';
import type { Command } from '../command.ts';
import { dataOptions, dataRequest } from '../data/data-options.ts';
import { openDataset } from '../data/open-dataset.ts';

export const checkData: Command = {
  name: 'check-data',
  summary: 'Looks through a data set for what spoils training. Exit code 1 when it finds errors.',
  usage: 'glid check-data --data PATH [--against-split NAME] [--json]',
  options: {
    ...dataOptions,
    againstSplit: { kind: 'string', placeholder: 'NAME', help: 'report pictures that this other split has too' },
    sample: { kind: 'integer', placeholder: 'N', help: 'check only N pictures, evenly spread', minimum: 1 },
    joints: { kind: 'boolean', help: 'read keypoint annotations where the set has both' },
  },
  positionals: [],
  async run({ options, output, signal, fail }) {
    const request = { ...dataRequest(options, 'train'), joints: options.joints === true };
    const { dataset, format } = await openDataset(request);
    output.line(`format: ${format}`);
    const against = options.againstSplit as string | undefined;
    const others = against === undefined ? [] : [(await openDataset({ ...request, split: against })).dataset];
    const report = await checkDataset(dataset, {
      against: others,
      signal,
      onProgress: (done, total) => output.progress(done, total, 'pictures'),
      ...(options.sample === undefined ? {} : { limit: options.sample as number }),
    });
    output.line(formatReport(report));
    if (!report.sound) fail();
    return { format, ...report };
  },
};
