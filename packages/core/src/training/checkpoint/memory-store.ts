import { GlidError } from '@glid/base';
import type { CheckpointFiles, CheckpointStore } from './checkpoint-store.ts';

/** Checkpoints in memory: for tests, and for pages that only want "back to the best weights". */
export function memoryStore(): CheckpointStore {
  const checkpoints = new Map<string, CheckpointFiles>();
  return {
    place: 'memory',
    async list() {
      return [...checkpoints.keys()].sort();
    },
    async write(name, files) {
      checkpoints.set(name, new Map([...files].map(([file, bytes]) => [file, bytes.slice()])));
    },
    async read(name) {
      const found = checkpoints.get(name);
      if (found) return found;
      throw new GlidError('GLID_IO', `There is no checkpoint '${name}'.`, { fix: 'Use a name that `list` returns.' });
    },
    async remove(name) {
      checkpoints.delete(name);
    },
  };
}
