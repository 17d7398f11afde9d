import { GlidError } from '@glid/base';

/** Features that kernels use when the adapter has them. */
const wantedFeatures = [
  'shader-f16',
  'subgroups',
  'timestamp-query',
  'bgra8unorm-storage',
] as readonly string[] as readonly GPUFeatureName[];

/** Limits that are raised to what the adapter allows. */
const raisedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** A device with all that its adapter can give. */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      label: 'glid',
      requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(raisedLimits.map((name) => [name, adapter.limits[name]])),
    });
  } catch (cause) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', `The WebGPU adapter gave no device: ${(cause as Error).message}.`, {
      fix: 'Close other programs that use the GPU, or choose another backend.',
      cause,
    });
  }
}

/** `vendor architecture description`, as far as the adapter tells. */
export function describeAdapter(info: GPUAdapterInfo | undefined): string {
  const words = [info?.vendor, info?.architecture, info?.description].filter(Boolean);
  return words.length > 0 ? words.join(' ') : 'unnamed adapter';
}
