// `npm run check`: everything that must hold, from a fresh clone. The last lines count what passed, failed and was skipped.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { allowedSkips, wrongSkips } from './allowed-skips.mjs';
import { installIfNeeded } from './install-if-needed.mjs';

const forbidSkips = process.env.GLID_FORBID_SKIPS === '1';
const only = process.argv.slice(2);
installIfNeeded();
mkdirSync('.cache', { recursive: true });

const npx = (...args) => ['npx', '--no-install', ...args];
const tests = (project) => {
  const report = `.cache/${project}.json`;
  return {
    report,
    command: npx(
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ),
  };
};
const steps = {
  lint: { command: npx('biome', 'ci', '.') },
  types: { command: npx('tsc', '--noEmit') },
  declarations: { command: npx('tsc', '--noEmit', '-p', 'tsconfig.declarations.json') },
  guards: { command: npx('tsx', 'tools/guards/run.ts') },
  build: { command: npx('turbo', 'run', 'build', '--output-logs=errors-only') },
  // After the build: imports maps point at built files.
  unused: { command: npx('knip', '--no-config-hints') },
  unit: tests('unit'),
  kernels: tests('kernels'),
  docs: tests('docs'),
  lessons: tests('lessons'),
  packed: tests('packed'),
  browser: tests('browser'),
};

const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' };
delete env.FORCE_COLOR;
const total = { passed: 0, failed: 0, skipped: 0 };
const titles = new Set();
const skips = [];
const rows = [];
for (const [name, step] of Object.entries(steps)) {
  if (only.length > 0 && !only.includes(name)) continue;
  console.log(`\n== ${name}`);
  if (step.report) rmSync(step.report, { force: true });
  const start = Date.now();
  const { status } = spawnSync(step.command[0], step.command.slice(1), { stdio: 'inherit', env });
  const counts = step.report
    ? readReport(step.report, status)
    : { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  for (const key of Object.keys(total)) total[key] += counts[key];
  rows.push(
    `${name.padEnd(13)} ${status === 0 ? 'ok    ' : 'FAILED'} ${((Date.now() - start) / 1000).toFixed(1).padStart(7)} s`,
  );
}

console.log(`\n${rows.join('\n')}`);
if (skips.length > 0) {
  console.log('\nSkipped:');
  for (const title of skips) console.log(`  ${title}${title in allowedSkips ? `\n    ${allowedSkips[title]}` : ''}`);
}
// A list that names no test is found where all run.
const wrong = wrongSkips(skips, only.length === 0 ? titles : new Set(Object.keys(allowedSkips)));
const refused = forbidSkips && wrong.length > 0;
if (refused) {
  console.log(`\nSkips are forbidden here (GLID_FORBID_SKIPS=1) but for those of tools/allowed-skips.mjs:`);
  for (const line of wrong) console.log(`  ${line}`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || refused ? 1 : 0);

function readReport(path, status) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const before = skips.length;
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      titles.add(test.fullName);
      if (test.status === 'pending' || test.status === 'skipped' || test.status === 'todo') skips.push(test.fullName);
    }
  }
  const skipped = skips.length - before;
  // A file that cannot be loaded has no tests of its own, but is a failure.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return { passed: report.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed, skipped };
}
