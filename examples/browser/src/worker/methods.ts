import { GlidError } from '@glid/base';
import { decodeImage } from '@glid/data';
import type { WorkerEvents, WorkerMethods } from '../protocol.ts';
import { chooseBackend } from './backend.ts';
import { Looker } from './looker.ts';
import { ModelBench } from './model-bench.ts';
import { PictureShelf } from './picture-shelf.ts';
import { Teacher } from './teacher.ts';

export type Emit = <E extends keyof WorkerEvents>(event: E, value: WorkerEvents[E]) => void;

/** Everything the page can ask for: pictures on a shelf, one model on the bench, someone who looks, someone who teaches. */
export function createMethods(emit: Emit): WorkerMethods {
  const shelf = new PictureShelf();
  const bench = new ModelBench();
  const looker = new Looker(bench, shelf);
  const teacher = new Teacher(bench, shelf, emit);
  const idle = (): void => {
    if (!teacher.busy) return;
    throw new GlidError('GLID_USAGE', 'A model cannot be replaced while it is being taught.', { fix: 'Stop first.' });
  };
  return {
    start: (wish) => chooseBackend(wish, (reason) => emit('lost', reason)),
    async newModel({ size, side }) {
      idle();
      return bench.create(size, side);
    },
    async openCheckpoint({ bytes, name }) {
      idle();
      return bench.open(bytes, name);
    },
    saveCheckpoint: () => bench.save(),
    addFile: async ({ bytes, name }) => shelf.add(name, await decodeImage(bytes, { source: name })),
    addFrame: async ({ bitmap, name, id }) => shelf.addBitmap(name, bitmap, id),
    addScene: async ({ number, labels }) => shelf.addScene(number, labels),
    addCopy: (id) => shelf.addCopy(id),
    dropPicture: async (id) => shelf.drop(id),
    predict: ({ picture, heads }) => looker.look(picture, heads),
    pick: async ({ x, y }) => looker.pick(x, y),
    attention: ({ picture, head, query, layer }) => looker.attention(picture, head, query, layer),
    train: (request) => teacher.begin(request),
    resume: () => teacher.resume(),
    stop: async () => teacher.stop(),
  };
}
