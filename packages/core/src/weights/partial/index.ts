export type {
  LoadedParameters,
  LoadParametersOptions,
  ModelHead,
  ParameterFile,
  ParameterTable,
} from './load-parameters.ts';
export { loadParameters } from './load-parameters.ts';
export type { LoadReport, ResizedTable, ShapeMismatch } from './load-report.ts';
export { formatLoadReport } from './load-report.ts';
