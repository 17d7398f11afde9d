import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { BoxXyxy } from '@glid/base';
import { openSite, type Site, type SiteOptions } from '@glid/test-utils/browser';

const root = resolve(import.meta.dirname, '..');

/** Builds the page as its users do, into a folder of its own. */
export async function buildPage(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'glid-page-'));
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', '--outDir', folder, '--emptyOutDir'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The part of Chromium's trace events that is used: `tdur` is processor time in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
}

/** Tells the page's own thread in a trace. */
const markName = 'the page under test';

/** The page in a browser, and what a user does with it. */
export class PageUnderTest {
  readonly site: Site;
  /** Pictures opened so far. */
  #opened = 0;

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
    await this.page.waitForFunction('document.documentElement.dataset.ready', undefined, { timeout: 400_000 });
  }

  click(id: string): Promise<void> {
    return this.page.click(`#${id}`);
  }

  async text(id: string): Promise<string> {
    return ((await this.page.textContent(`#${id}`)) ?? '').trim();
  }

  /** Waits until an element's text matches. @throws when the page tells a problem meanwhile */
  async until(id: string, pattern: RegExp, timeout = 300_000): Promise<string> {
    await this.page.waitForFunction(
      ([name, source]) => {
        const textOf = (element: string): string => document.getElementById(element)?.textContent ?? '';
        return new RegExp(source!).test(textOf(name!)) || (name !== 'problem' && textOf('problem') !== '');
      },
      [id, pattern.source],
      { timeout },
    );
    const text = await this.text(id);
    if (!pattern.test(text)) throw new Error(`Waiting for ${pattern} in #${id}: ${await this.text('problem')}`);
    return text;
  }

  /** Runs something that makes the page look again, and waits for its answer. */
  async looking(action: () => Promise<unknown>): Promise<string> {
    await this.page.evaluate("document.getElementById('timing').textContent = ''");
    await action();
    return this.until('timing', /./);
  }

  /** Opens a picture file, and waits for what is found in it. Every call names it anew: what is still said of an earlier one does not count. */
  async openPicture(path: string): Promise<void> {
    const name = `${++this.#opened}-${basename(path)}`;
    await this.page.setInputFiles('#picture-file', { name, mimeType: '', buffer: await readFile(path) });
    await this.page.waitForFunction(
      (text) => document.getElementById('picture')!.getAttribute('aria-label')!.startsWith(text),
      `${name}. Found:`,
      { timeout: 120_000 },
    );
  }

  /** Does what adds pictures to be marked, and waits until they can be: keys that come earlier go to the button. */
  async adding(count: number, action: () => Promise<unknown>): Promise<void> {
    const before = await this.page.locator('#lessons li').count();
    await action();
    await this.page.waitForFunction(
      (wanted) =>
        document.querySelectorAll('#lessons li').length === wanted && !document.getElementById('annotator')!.hidden,
      before + count,
      { timeout: 120_000 },
    );
  }

  /** Drops a file on the page. */
  async drop(name: string, bytes: Uint8Array): Promise<void> {
    await this.page.evaluate(
      ([file, base64]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(atob(base64!), (letter) => letter.charCodeAt(0))], file!));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
      },
      [name, Buffer.from(bytes).toString('base64')],
    );
  }

  /**
   * Measures the tasks of the page's own thread while something is done: the processor time of the longest, in ms. Also what
   * PerformanceObserver says, which counts the time that other programs took in between.
   */
  async tasks(
    action: () => Promise<void>,
  ): Promise<{ readonly longest: number; readonly observed: readonly number[] }> {
    await this.page.evaluate(`
      globalThis.longTasks = [];
      globalThis.taskObserver = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
      });
      globalThis.taskObserver.observe({ type: 'longtask' });
    `);
    const session = await this.page.context().newCDPSession(this.page);
    const events: TraceEvent[] = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
    await session.send('Tracing.start', { transferMode: 'ReportEvents', categories: 'toplevel,blink.user_timing' });
    await this.page.evaluate(`performance.mark('${markName}')`);
    await action();
    const complete = new Promise<void>((done) => session.once('Tracing.tracingComplete', () => done()));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    const mark = events.find(({ name }) => name === markName);
    const own = events.filter((event) => event.pid === mark?.pid && event.tid === mark.tid && event.tdur !== undefined);
    if (own.length === 0) throw new Error('The trace has no task of the page.');
    const observed = (await this.page.evaluate('taskObserver.disconnect(), longTasks')) as number[];
    return { longest: Math.max(...own.map(({ tdur }) => tdur!)) / 1000, observed };
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
