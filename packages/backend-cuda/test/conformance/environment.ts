// Runs inside the bundle of `bundle-specs.ts`: jasmine, the backend, and a report. Settings come in GLID_CONFORMANCE.
import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import { engine } from '@tensorflow/tfjs-core';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import jasmineRequire from 'jasmine-core/lib/jasmine-core/jasmine.js';
import { type CudaOptions, cuda } from '../../src/index.ts';
import type { KernelSource } from '../kernel-sources.ts';
import { recordSources } from '../record-sources.ts';

/** What a run is told, and where its report goes. */
export interface ConformanceSettings {
  /** The backend under test: 'cuda', or 'cpu' as the reference. */
  readonly backend: string;
  readonly cuda: CudaOptions;
  /** Only specs whose full name matches. */
  readonly only?: string;
  readonly report: string;
}

/** Failed specs by name, each with the first line of what it says. */
export interface ConformanceReport {
  readonly backend: string;
  readonly passed: number;
  readonly failed: Readonly<Record<string, string>>;
  readonly skipped: number;
  /** Every kernel that ran. */
  readonly sources: readonly KernelSource[];
}

interface Spec {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

const settings = JSON.parse(process.env.GLID_CONFORMANCE!) as ConformanceSettings;
const jasmine = jasmineRequire.core(jasmineRequire);
const jasmineEnv = jasmine.getEnv({ suppressLoadErrors: true });
Object.assign(globalThis, jasmineRequire.interface(jasmine, jasmineEnv));
setTestEnvs([{ name: 'backend', backendName: settings.backend, flags: {}, isDataSync: true }]);

/** Specs reset the engine, which disposes its backends: they all share one that outlives that. */
async function keepBackend(): Promise<string> {
  if (settings.backend !== 'cuda') return settings.backend;
  const { description } = await cuda(settings.cuda).create();
  const backend = engine().findBackend('cuda');
  backend.dispose = () => {};
  engine().registryFactory.cuda = { factory: () => backend, priority: 4 };
  return description;
}

/** Called once all specs are declared. */
export async function runSpecs(): Promise<void> {
  const sources: KernelSource[] = [];
  recordSources((source) => sources.push(source));
  const backend = await keepBackend();
  const failed: Record<string, string> = {};
  let [passed, skipped] = [0, 0];
  const only = new RegExp(settings.only ?? '');
  jasmineEnv.configure({
    random: false,
    specFilter: (spec: { getFullName(): string }) => only.test(spec.getFullName()),
  });
  jasmineEnv.addReporter({
    specDone({ fullName, status, failedExpectations }: Spec) {
      if (status === 'passed') passed++;
      else if (status === 'failed') {
        const name = fullName.replace(' backend {}', '');
        const distinct = failed[name] === undefined ? name : `${name} (again)`;
        failed[distinct] = failedExpectations[0]!.message.split('\n')[0]!.slice(0, 200);
      } else skipped++;
    },
    jasmineDone() {
      const report: ConformanceReport = { backend, passed, failed, skipped, sources };
      writeFileSync(settings.report, JSON.stringify(report, undefined, 1));
      process.exit(0);
    },
  });
  jasmineEnv.execute();
}
