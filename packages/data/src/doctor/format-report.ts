import type { DatasetReport } from './check-dataset.ts';
import type { DataIssue } from './issue.ts';

/** The report as text: numbers, class histogram, then findings by kind with a few examples each. */
export function formatReport(report: DatasetReport, examples = 5): string {
  const errors = report.issues.filter(({ severity }) => severity === 'error').length;
  const { sides } = report;
  return [
    `${report.dataset}: ${report.checked} of ${report.records} records checked`,
    sides ? `sides of ${sides.shortest} to ${sides.longest} pixels` : 'no picture could be read',
    ...histogram('objects', report.objects),
    ...histogram('pixels', report.pixels),
    ...findings(report.issues, examples),
    report.sound
      ? `Sound: no errors, ${report.issues.length} warnings.`
      : `Not sound: ${errors} errors, ${report.issues.length - errors} warnings.`,
  ].join('\n');
}

function histogram(title: string, counts: { readonly [label: string]: number }): string[] {
  const entries = Object.entries(counts);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return [];
  const wide = Math.max(...entries.map(([label]) => label.length));
  const lines = entries
    .sort(([, a], [, b]) => b - a)
    .map(([label, count]) => {
      const share = count / total;
      return `  ${label.padEnd(wide)} ${'#'.repeat(Math.round(share * 40)).padEnd(40)} ${count} (${(share * 100).toFixed(1)} %)`;
    });
  return [`${title}: ${total}`, ...lines];
}

function findings(issues: readonly DataIssue[], examples: number): string[] {
  const groups = new Map<string, DataIssue[]>();
  for (const issue of issues) {
    const title = `${issue.severity} ${issue.kind}`;
    groups.set(title, [...(groups.get(title) ?? []), issue]);
  }
  return [...groups].flatMap(([title, group]) => [
    `${title}: ${group.length}`,
    ...group
      .slice(0, examples)
      .map(({ record, message }) => `  ${record === undefined ? '' : `${record}: `}${message}`),
    ...(group.length > examples ? [`  … and ${group.length - examples} more`] : []),
  ]);
}
