import { describeAdapter } from './request-device.ts';

/** True for an adapter that is emulated on the CPU. */
export function isSoftware(info: GPUAdapterInfo | undefined): boolean {
  const flagged = (info as { readonly isFallbackAdapter?: boolean } | undefined)?.isFallbackAdapter === true;
  return flagged || /swiftshader|llvmpipe|lavapipe/i.test(describeAdapter(info));
}
