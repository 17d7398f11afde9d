/**
 * `npm run docs`: guides, decisions and the API reference of all published packages as a static site in `site/`, searchable and offline.
 * Any warning is a failure: a link to nothing, a public function without a comment.
 */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { brokenLinks } from './links.ts';
import { makeSite } from './make-site.ts';

const root = resolve(import.meta.dirname, '../..');
const out = resolve(root, 'site');
rmSync(out, { recursive: true, force: true });

const warnings = await makeSite(root, out);
const broken = brokenLinks(out);
for (const line of broken) console.error(line);
console.log(`${warnings.length} warnings, ${broken.length} broken links`);
if (warnings.length + broken.length > 0) process.exitCode = 1;
else console.log('Open site/index.html: it needs no server and no network.');
