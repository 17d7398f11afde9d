import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Runs `npm ci` unless the installed tree already belongs to this lock file. */
export function installIfNeeded() {
  const stamp = 'node_modules/.glid-installed';
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing dependencies (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: 'inherit' });
  if (status !== 0) {
    console.error('npm ci failed. Check the network or the npm registry setting, then run the command again.');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
