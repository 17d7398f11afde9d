import { byId } from './dom.ts';

/** Keeps the page for use without a network. In development there is nothing to keep. */
export function goOffline(): void {
  const tell = (text: string): void => {
    byId('offline').textContent = text;
  };
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  navigator.serviceWorker
    .register('./service-worker.js')
    .then(() => navigator.serviceWorker.ready)
    .then(() => tell('It works without a network from now on.'))
    .catch((error: Error) => tell(`It needs the network: ${error.message}.`));
}
