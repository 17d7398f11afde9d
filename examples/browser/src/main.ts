import { startingCheckpoint } from './config.ts';
import type { BackendReport, BackendWish, ModelReport, Picture } from './protocol.ts';
import { attempt, byId, make, say, showProblem } from './ui/dom.ts';
import { Look } from './ui/look.ts';
import { ModelPanel } from './ui/model-panel.ts';
import { goOffline } from './ui/offline.ts';
import { nextScene, setUpSources, showName } from './ui/stage.ts';
import { type App, Cell } from './ui/state.ts';
import { Tabs } from './ui/tabs.ts';
import { Teach } from './ui/teach.ts';
import { Webcam } from './ui/webcam.ts';
import { WorkerClient } from './worker-client.ts';

const app: App = {
  worker: new WorkerClient(),
  model: new Cell<ModelReport | undefined>(undefined),
  picture: new Cell<Picture | undefined>(undefined),
  panel: new Cell('look'),
};
const parameters = new URLSearchParams(location.search);

const look = new Look(app);
const models = new ModelPanel(app, parameters);
const webcam = new Webcam(app, () => look.look());
new Teach(app);
const tabs = new Tabs(document.querySelector<HTMLElement>('[role=tablist]')!, (panel) => app.panel.set(panel));
app.worker.on('lost', (reason) => showProblem(`${reason} Load the page again.`));
setUpSources(app, (file) => models.openFile(file));

app.picture.onChange(() => {
  if (app.panel.value !== 'look') tabs.show('look');
  else if (!webcam.on) void attempt(() => look.look());
});
app.model.onChange(() => void attempt(() => look.look()));
app.panel.onChange((panel) => {
  if (panel === 'teach') {
    webcam.stop();
    return;
  }
  if (app.picture.value) showName(app.picture.value);
  void attempt(() => look.look());
});
byId('go-teach').addEventListener('click', () => tabs.show('teach'));
byId('go-model').addEventListener('click', () => tabs.show('model'));
byId('test-it').addEventListener('click', () => {
  tabs.show('look');
  byId('scene').click();
});

await attempt(async () => {
  const wish = (parameters.get('backend') ?? 'auto') as BackendWish;
  showBackend(await app.worker.call('start', wish), wish);
  const asked = parameters.get('model');
  const start = asked !== null ? { address: asked } : parameters.has('size') ? null : startingCheckpoint;
  let problem = '';
  if (start) {
    await models.openUrl(start).catch((error: Error) => {
      problem = error.message;
    });
  }
  if (!app.model.value) await models.create();
  app.picture.set(await nextScene(app, 0));
  await look.look();
  if (problem !== '') showProblem(problem);
  document.documentElement.dataset.ready = 'true';
});
goOffline();

/** Which backend runs, and why not another. */
function showBackend({ name, description, rejected }: BackendReport, wish: BackendWish): void {
  const title = titleOf(name);
  byId('backend-name').textContent = rejected.length > 0 ? `${title}, not ${titleOf(rejected[0]!.name)}` : title;
  byId('backend-description').textContent = description;
  byId('backend-rejected').replaceChildren(
    ...rejected.map((one) => make('li', { textContent: `${titleOf(one.name)}: ${one.reason}.` })),
  );
  const select = byId<HTMLSelectElement>('backend-wish');
  select.value = wish;
  select.addEventListener('change', () => {
    parameters.set('backend', select.value);
    location.search = parameters.toString();
  });
  say(`${title} is used.`);
}

function titleOf(name: string): string {
  return { webgpu: 'WebGPU', wasm: 'WebAssembly' }[name] ?? name;
}
