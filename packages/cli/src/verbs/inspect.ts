import { describeCheckpoint, formatCheckpoint, fromFile } from '@glid/core';
import type { Command } from '../command.ts';
import { checkpointFile } from '../model/checkpoint-file.ts';
import { table } from '../table.ts';

export const inspect: Command = {
  name: 'inspect',
  summary: 'What a checkpoint holds: tensors, heads with their labels, provenance, sha256.',
  usage: 'glid inspect CHECKPOINT [--tensors] [--json]',
  options: { tensors: { kind: 'boolean', help: 'list every tensor' } },
  positionals: ['CHECKPOINT'],
  async run({ options, positionals, output }) {
    const description = await describeCheckpoint(fromFile(await checkpointFile(positionals[0]!)));
    output.line(formatCheckpoint(description));
    if (options.tensors) {
      const rows = description.tensors.map(({ name, type, shape, bytes }) => [
        name,
        type,
        `[${shape.join(', ')}]`,
        String(bytes),
      ]);
      output.line(table([['tensor', 'type', 'shape', 'bytes'], ...rows]));
    }
    return description;
  },
};
