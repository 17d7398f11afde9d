import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const candidates = [
  process.env.GLID_CHROMIUM,
  '/usr/lib/chromium/chromium', // Debian's binary without the wrapper and its extra flags
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
];

/** The browser that tests drive, or undefined. `GLID_CHROMIUM` names another one. */
export const chromiumPath: string | undefined = candidates.find((path) => path !== undefined && existsSync(path));

export const withoutChromium = 'needs Chromium (set GLID_CHROMIUM to its path), which is absent';

export interface BrowserPage {
  readonly page: Page;
  /** Console errors, page errors and failed requests so far. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export interface BrowserPageOptions {
  /** Module source that runs in the page; imports are resolved from `resolveDirectory` and bundled from the sources. */
  readonly code: string;
  readonly resolveDirectory: string;
  /** Further files, by URL path. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  /** Allows the software WebGPU adapter. */
  readonly webgpu?: boolean;
  readonly html?: string;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  wasm: 'application/wasm',
  json: 'application/json',
  css: 'text/css',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
};

/** Bundles `code`, serves it on 127.0.0.1 (a secure context) and opens it in headless Chromium. */
export async function openPage(options: BrowserPageOptions): Promise<BrowserPage> {
  const bundle = await build({
    stdin: { contents: options.code, resolveDir: options.resolveDirectory, loader: 'ts' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@glid/source'],
    write: false,
    outdir: '/',
    entryNames: 'page',
    sourcemap: 'inline',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"test"' },
  });
  const files = new Map<string, Uint8Array | string>([
    ['/', options.html ?? '<!doctype html><meta charset="utf-8"><title>test</title><body></body>'],
    ['/favicon.ico', ''],
    ...bundle.outputFiles.map((file) => [file.path, file.contents] as const),
    ...Object.entries(options.files ?? {}),
  ]);
  const html = files.get('/') as string;
  files.set('/', `${html}<script type="module" src="/page.js"></script>`);

  return openServed((path) => files.get(path), options.webgpu ? { webgpu: true } : {});
}

export interface SiteOptions {
  /** Allows the software WebGPU adapter. */
  readonly webgpu?: boolean;
  /** Further switches of Chromium. */
  readonly switches?: readonly string[];
  /** The page's address in the site, `/` when absent. */
  readonly path?: string;
  readonly context?: Parameters<typeof chromium.launchPersistentContext>[1];
}

export interface Site extends BrowserPage {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Ends the server: what the page can do from here on, it does without a network. */
  closeServer(): Promise<void>;
}

/** Serves a folder as any static server would, and opens it in headless Chromium. */
export async function openSite(folder: string, options: SiteOptions = {}): Promise<Site> {
  const root = resolve(folder);
  return openServed((path) => {
    const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
    return file.startsWith(root) && existsSync(file) ? readFileSync(file) : undefined;
  }, options);
}

async function openServed(find: FindFile, options: SiteOptions): Promise<Site> {
  const server = await serve(find);
  const profile = await mkdtemp(join(tmpdir(), 'glid-chromium-'));
  const context = await launch(profile, options);
  const page = context.pages()[0] ?? (await context.newPage());
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`page error: ${error.stack ?? error.message}`));
  page.on('requestfailed', (request) => problems.push(`request failed: ${request.url()}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console error: ${message.text()}`);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await page.goto(origin + (options.path ?? '/'));
  const closeServer = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return {
    page,
    problems,
    origin,
    closeServer,
    async close() {
      await context.close();
      if (server.listening) await closeServer();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** What a server answers for a path; undefined = 404. */
type FindFile = (path: string) => Uint8Array | string | undefined;

function serve(find: FindFile): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    const body = find(path);
    if (body === undefined) {
      response.writeHead(404).end();
      return;
    }
    const extension = path.endsWith('/') ? 'html' : (path.split('.').at(-1) ?? '');
    response.writeHead(200, { 'content-type': types[extension] ?? 'application/octet-stream' });
    response.end(body);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function launch(profile: string, { webgpu, switches = [], context }: SiteOptions): Promise<BrowserContext> {
  if (!chromiumPath) throw new Error(withoutChromium);
  return chromium.launchPersistentContext(profile, {
    ...context,
    executablePath: chromiumPath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(webgpu ? ['--enable-unsafe-webgpu'] : []),
      ...switches,
    ],
  });
}
