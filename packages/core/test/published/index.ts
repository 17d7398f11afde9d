import '@glid/ops/gradients';
import { disposeConstants } from '@glid/ops';
import { hasShared, withoutShared } from '@glid/test-utils';
import { enableProdMode, engine, getBackend, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { biFpnCases } from './bi-fpn.ts';
import { decoderCases } from './decoder.ts';
import { swinCases } from './swin.ts';

enableProdMode();

/** A backend for the length of a suite: what to do before it is set, and afterwards. */
export interface PublishedBackend {
  readonly name: string;
  /** False where TensorFlow.js has no gradient kernels of depthwise convolutions. */
  readonly trains?: boolean;
  open(): Promise<{ readonly description: string; close(): Promise<void> }>;
  /** Printed where the backend cannot run here. */
  readonly absent?: string | undefined;
}

/** Every published part of the network on one backend, within the tolerances that come with the numbers. */
export function publishedCases(title: string, backend: PublishedBackend): void {
  const reason = [hasShared ? '' : withoutShared, backend.absent ?? ''].filter(Boolean).join('; ');
  describe.skipIf(reason !== '')(`published numbers on ${title}${reason && `: ${reason}`}`, () => {
    let opened: Awaited<ReturnType<PublishedBackend['open']>>;

    beforeAll(async () => {
      opened = await backend.open();
      expect(await setBackend(backend.name)).toBe(true);
    });
    afterAll(async () => {
      disposeConstants();
      await opened.close();
    });
    beforeEach(() => engine().startScope());
    afterEach(() => engine().endScope());

    it('runs on the backend that it names', () => {
      expect(getBackend()).toBe(backend.name);
      expect(opened.description).toContain(title);
    });
    swinCases();
    biFpnCases(backend.trains ?? true);
    decoderCases();
  });
}
