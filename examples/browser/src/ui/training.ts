import type { TrainingEnd, TrainingMeasure, TrainingRequest, TrainingStep } from '../protocol.ts';
import { drawCurve } from './curve.ts';
import { attempt, byId, onClick, say } from './dom.ts';
import type { App } from './state.ts';

/** Steps over which the remaining time is estimated. */
const recent = 12;

/** Starts and stops training and draws its curves. */
export class Training {
  readonly #app: App;
  readonly #onMeasure: () => Promise<void>;
  #loss: (readonly [number, number])[] = [];
  #measures = new Map<string, (readonly [number, number])[]>();
  #seconds: number[] = [];

  /** @param onMeasure called whenever the model was measured */
  constructor(app: App, request: () => TrainingRequest, onMeasure: () => Promise<void>) {
    this.#app = app;
    this.#onMeasure = onMeasure;
    app.worker.on('model', (model) => app.model.set(model));
    app.worker.on('step', (step) => this.#step(step));
    app.worker.on('measure', (measure) => this.#measure(measure));
    onClick('train', async () => {
      const asked = request();
      this.#loss = [];
      this.#measures = new Map();
      this.#drawCurves();
      await this.#run(() => app.worker.call('train', asked));
    });
    onClick('continue', () => this.#run(() => app.worker.call('resume')));
    onClick('stop', () => {
      byId<HTMLButtonElement>('stop').disabled = true;
      return app.worker.call('stop');
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#drawCurves());
    app.panel.onChange(() => this.#drawCurves());
  }

  async #run(start: () => Promise<TrainingEnd>): Promise<void> {
    const enable = (names: readonly string[]): void => {
      for (const id of ['train', 'stop', 'continue', 'new-model', 'open-model'])
        byId<HTMLButtonElement>(id).disabled = !names.includes(id);
      byId<HTMLFieldSetElement>('kinds').disabled = !names.includes('train');
    };
    this.#seconds = [];
    byId('training').textContent = 'Getting ready…';
    say('Training begins.');
    enable(['stop']);
    byId('stop').focus();
    const idle = ['train', 'new-model', 'open-model'];
    try {
      const { reason, step, model } = await start();
      enable(reason === 'stopped' && step > 0 ? [...idle, 'continue'] : idle);
      const words = reason === 'finished' ? `Done after ${step} steps.` : `Stopped at step ${step}.`;
      byId('training').textContent = words;
      say(`${words} Test the model on another picture, or download it.`);
      this.#app.model.set(model);
      byId(reason === 'finished' ? 'test-it' : step > 0 ? 'continue' : 'train').focus();
    } catch (error) {
      enable(idle);
      byId('training').textContent = '';
      throw error;
    }
  }

  #step({ step, steps, loss, seconds }: TrainingStep): void {
    this.#loss.push([step, loss]);
    this.#seconds = [...this.#seconds.slice(1 - recent), seconds];
    const each = this.#seconds.reduce((a, b) => a + b, 0) / this.#seconds.length;
    byId<HTMLProgressElement>('progress').value = step / steps;
    byId('training').textContent =
      `Step ${step} of ${steps}, loss ${loss.toFixed(2)}, ${each.toFixed(2)} s a step, ${timeLeft(each * (steps - step))}`;
    this.#drawCurves();
  }

  #measure({ step, name, value }: TrainingMeasure): void {
    const points = this.#measures.get(name) ?? [];
    points.push([step, value]);
    this.#measures.set(name, points);
    this.#drawCurves();
    void attempt(this.#onMeasure);
  }

  #drawCurves(): void {
    if (this.#app.panel.value !== 'teach') return;
    const lossCurve = byId<HTMLCanvasElement>('loss-curve');
    drawCurve(lossCurve, 'Loss', [{ name: 'loss', points: this.#loss }]);
    const lines = [...this.#measures].map(([name, points]) => ({ name, points }));
    const most = Math.max(1, ...lines.flatMap(({ points }) => points.map(([, value]) => value)));
    const title = lines.length === 1 ? lines[0]!.name : 'Measured';
    drawCurve(byId<HTMLCanvasElement>('measure-curve'), title, lines, [0, most]);
  }
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s left`;
  return `${Math.round(seconds / 60)} min left`;
}
