import type { Picture } from '../protocol.ts';
import { attempt, byId, onClick, say } from './dom.ts';
import type { App } from './state.ts';

/** Frames are at most this wide. */
const frameWidth = 480;

/** The camera: while it is on, frame after frame becomes the picture, each when the one before has been looked at. */
export class Webcam {
  readonly #app: App;
  readonly #video = byId<HTMLVideoElement>('video');
  #stream: MediaStream | undefined;

  /** @param look looks at the present picture */
  constructor(app: App, look: () => Promise<void>) {
    this.#app = app;
    const button = byId('webcam');
    onClick('webcam', async () => {
      if (this.#stream) this.stop();
      else await this.#start();
      button.setAttribute('aria-pressed', String(this.on));
      if (this.on) void attempt(() => this.#run(look)).finally(() => this.stop());
    });
  }

  get on(): boolean {
    return this.#stream !== undefined;
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    byId('webcam').setAttribute('aria-pressed', 'false');
  }

  /** The present frame; a new picture unless `id` says which one it replaces. */
  async #frame(id?: number): Promise<Picture> {
    const { videoWidth, videoHeight } = this.#video;
    const resizeWidth = Math.min(frameWidth, videoWidth);
    const resizeHeight = Math.round((videoHeight * resizeWidth) / videoWidth);
    const bitmap = await createImageBitmap(this.#video, { resizeWidth, resizeHeight });
    return this.#app.worker.call('addFrame', { bitmap, name: 'Webcam', ...(id === undefined ? {} : { id }) }, [bitmap]);
  }

  async #start(): Promise<void> {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error('This browser gives no access to a camera here.');
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    } catch (error) {
      throw new Error(`The camera cannot be used: ${(error as Error).message}.`);
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    say('The webcam is on.');
  }

  async #run(look: () => Promise<void>): Promise<void> {
    // A new picture each time the camera is turned on: the last frame of an earlier time may be a lesson by now.
    let frame = await this.#frame();
    while (this.on) {
      this.#app.picture.set(frame);
      await look();
      frame = await this.#frame(frame.id);
    }
  }
}
