/**
 * What trained models find on a folder of pictures, side by side on one page:
 *
 *   npx tsx examples/real-runs/gallery.ts PICTURES RUN… [--longest PIXELS] [--out runs/gallery]
 *
 * RUN is a run folder or a checkpoint. Build the packages before (`npm run build`). Every model looks at every picture through `glid predict`;
 * the page shows the original beside what each head drew. Pictures of others stay out of the repository: runs/ is ignored by git.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { longest: { type: 'string' }, out: { type: 'string', default: join('runs', 'gallery') } },
});
const [folder, ...runs] = positionals;
if (!folder || runs.length === 0) {
  console.error('Give a folder of pictures and at least one run.');
  process.exit(2);
}
const out = values.out;
const isPicture = (name: string): boolean => ['.jpg', '.jpeg', '.png', '.webp'].includes(extname(name).toLowerCase());
const names = readdirSync(folder).filter(isPicture).sort();

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, 'pictures'), { recursive: true });
for (const name of names) copyFileSync(join(folder, name), join(out, 'pictures', name));
const models = runs.map((run, i) => predict(run, `${i + 1}-${basename(resolve(run)).replace(/\.safetensors$/, '')}`));
writeFileSync(join(out, 'index.html'), page());
console.log(`Look at ${join(out, 'index.html')}`);

interface Column {
  readonly title: string;
  /** The annotated picture of a picture's stem, relative to the page. */
  readonly file: (stem: string) => string;
}

/** Lets one model look at all pictures; one column a head. */
function predict(run: string, title: string): readonly Column[] {
  const place = join(out, title);
  const args = ['predict', '--model', run, folder!, '--out', place, '--json'];
  console.log(`$ glid ${args.join(' ')}`);
  const longest = values.longest ? ['--longest', values.longest] : [];
  const { status } = spawnSync(process.execPath, ['packages/cli/dist/glid.js', ...args, ...longest], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`glid predict ended with ${status}.`);
  const first = readdirSync(place).find((name) => name.endsWith('.json'));
  const heads = Object.keys((JSON.parse(readFileSync(join(place, first!), 'utf8')) as { heads: object }).heads);
  return heads.map((head) => ({
    title: heads.length === 1 ? title : `${title}: ${head}`,
    file: (stem) => `${title}/${stem}${heads.length === 1 ? '' : `.${head}`}.png`,
  }));
}

function page(): string {
  const columns = models.flat();
  const figure = (file: string, caption: string): string =>
    existsSync(join(out, file))
      ? `<figure><img src="${encodeURI(file)}" alt="${escaped(caption)}" loading="lazy"><figcaption>${escaped(caption)}</figcaption></figure>`
      : `<figure class="none"><figcaption>${escaped(caption)}: no picture</figcaption></figure>`;
  const rows = names.map((name) => {
    const stem = name.slice(0, name.length - extname(name).length);
    const found = columns.map(({ title, file }) => figure(file(stem), title));
    return `<section>${figure(`pictures/${name}`, name)}${found.join('')}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gallery</title><style>
:root { color-scheme: light dark; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 24px; }
section { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); margin: 0 0 28px; }
figure { margin: 0; } img { width: 100%; display: block; border-radius: 6px; } figcaption { opacity: 0.7; font-size: 13px; overflow-wrap: anywhere; }
</style></head><body><h1>What the models find</h1>
${rows.join('\n')}
</body></html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
}
