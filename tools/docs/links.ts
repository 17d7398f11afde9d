import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Links of a built site that lead nowhere, anchors that do not exist, and whatever would be fetched from the network. */
export function brokenLinks(site: string): string[] {
  const files = walk(site);
  const pages = new Map(
    files.filter((file) => file.endsWith('.html')).map((file) => [file, readFileSync(file, 'utf8')] as const),
  );
  const anchors = new Map<string, Set<string>>();
  const anchorsOf = (page: string): Set<string> => {
    const known = anchors.get(page) ?? new Set([...pages.get(page)!.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!));
    anchors.set(page, known);
    return known;
  };
  const found = new Set<string>();
  for (const [page, html] of pages) {
    const where = relative(site, page);
    for (const [, element, attribute, target] of html.matchAll(/<(\w+)\b[^>]*?\s(href|src)="([^"]*)"/g)) {
      if (/^(https?:)?\/\//.test(target!)) {
        if (element !== 'a') found.add(`${where}: <${element} ${attribute}> is fetched from ${target}`);
        continue;
      }
      if (/^(mailto|data):/.test(target!)) continue;
      const [path = '', anchor] = target!.split('#');
      const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path));
      if (!existsSync(file)) found.add(`${where}: ${target} does not exist`);
      else if (anchor && pages.has(file) && !anchorsOf(file).has(decodeURIComponent(anchor))) {
        found.add(`${where}: ${target} has no such anchor`);
      }
    }
  }
  for (const file of files.filter((name) => name.endsWith('.css'))) {
    for (const [, target] of readFileSync(file, 'utf8').matchAll(
      /(?:@import|url\()\s*["']?((?:https?:)?\/\/[^"')\s]+)/g,
    )) {
      found.add(`${relative(site, file)}: fetches ${target}`);
    }
  }
  return [...found].sort();
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
