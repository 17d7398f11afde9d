export type { SwinImportReport } from './import-report.ts';
export { formatSwinImport } from './import-report.ts';
export type { ImportSwinOptions, SwinImport } from './import-swin.ts';
export { importSwin } from './import-swin.ts';
export type { SwinScheme } from './rename-table.ts';
export { resizeRelativePositionTable } from './resize-table.ts';
