import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BoxXyxy } from '@glid/base';
import { openSite, type Site, type SiteOptions } from '@glid/test-utils/browser';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');

/** Builds the page as its users do, into a folder of its own. */
export async function buildPage(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'glid-page-'));
  await build({ root, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The page in a browser, and what a user does with it. */
export class PageUnderTest {
  readonly site: Site;

  private constructor(site: Site) {
    this.site = site;
  }

  /** Opens it and waits until the first picture has been looked at. */
  static async open(folder: string, path: string, options: SiteOptions = {}): Promise<PageUnderTest> {
    const opened = new PageUnderTest(await openSite(folder, { ...options, path }));
    await opened.ready();
    return opened;
  }

  get page(): Site['page'] {
    return this.site.page;
  }

  async ready(): Promise<void> {
    await this.page.waitForFunction('document.documentElement.dataset.ready', undefined, { timeout: 200_000 });
  }

  click(id: string): Promise<void> {
    return this.page.click(`#${id}`);
  }

  async text(id: string): Promise<string> {
    return ((await this.page.textContent(`#${id}`)) ?? '').trim();
  }

  /** Waits until an element's text matches. */
  async until(id: string, pattern: RegExp, timeout = 120_000): Promise<string> {
    await this.page.waitForFunction(
      ([name, source]) => new RegExp(source!).test(document.getElementById(name!)?.textContent ?? ''),
      [id, pattern.source],
      { timeout },
    );
    return this.text(id);
  }

  /** Runs something that makes the page look again, and waits for its answer. */
  async looking(action: () => Promise<unknown>): Promise<string> {
    await this.page.evaluate("document.getElementById('timing').textContent = ''");
    await action();
    return this.until('timing', /./);
  }

  /** A digest of the shown picture. */
  async picture(): Promise<number> {
    return (await this.page.evaluate(`(() => {
      const canvas = document.getElementById('picture');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let i = 0; i < data.length; i += 97) sum = (sum * 31 + data[i]) % 1000003;
      return sum;
    })()`)) as number;
  }

  /** The boxes in the list of what was found. */
  async boxes(): Promise<BoxXyxy[]> {
    const texts = (await this.page.$$eval('#found li[data-box]', (items) =>
      items.map((item) => (item as HTMLElement).dataset.box),
    )) as string[];
    return texts.map((text) => text.split(' ').map(Number) as unknown as BoxXyxy);
  }
}
