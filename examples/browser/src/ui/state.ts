import type { ModelReport, Picture } from '../protocol.ts';
import type { WorkerClient } from '../worker-client.ts';

/** A value that tells when it changes. */
export class Cell<T> {
  #value: T;
  readonly #listeners: ((value: T) => void)[] = [];

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    for (const listener of this.#listeners) listener(value);
  }

  onChange(listener: (value: T) => void): void {
    this.#listeners.push(listener);
  }
}

/** What the parts of the page share. */
export interface App {
  readonly worker: WorkerClient;
  readonly model: Cell<ModelReport | undefined>;
  readonly picture: Cell<Picture | undefined>;
  readonly panel: Cell<string>;
}
