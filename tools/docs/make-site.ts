import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  Application,
  Comment,
  type CommentDisplayPart,
  CommentTag,
  Converter,
  KindRouter,
  LogLevel,
  MinimalSourceFile,
  normalizePath,
  type ProjectReflection,
  Reflection,
  ReflectionKind,
} from 'typedoc';
import { publishedFolders } from '../packages/pack.ts';

/** An entry point of a published package, by the name that users import. */
interface Entry {
  readonly name: string;
  readonly source: string;
  /** Of the package, for its main entry. */
  readonly readme: string | null;
}

/** Builds the site and returns the warnings and errors, which it also prints. */
export async function makeSite(root: string, out: string): Promise<string[]> {
  const entries = publishedFolders(root).flatMap(entriesOf);
  const app = await Application.bootstrap({
    name: 'GLID in TypeScript',
    entryPoints: entries.map(({ source }) => source),
    tsconfig: join(root, 'tools/docs/tsconfig.site.json'),
    readme: join(root, 'docs/README.md'),
    projectDocuments: documents(root),
    basePath: root,
    customCss: join(root, 'tools/docs/site.css'),
    skipErrorChecking: true, // the types have a check of their own
    disableSources: true,
    excludeReferences: true, // head-kit hands on all of base
    excludeInternal: true,
    router: 'glid',
    hideGenerator: true,
    searchInComments: true,
    searchInDocuments: true,
    sort: ['kind', 'alphabetical'],
    sortEntryPoints: false,
    groupOrder: ['Guides', 'Packages', 'Decisions', '*'],
    navigation: { includeGroups: true, includeFolders: false },
    headings: { readme: false, document: false },
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false, rewrittenLink: true },
  });
  app.renderer.defineRouter('glid', GuideRouter);
  const complaints: string[] = [];
  const print = app.logger.log.bind(app.logger);
  app.logger.log = (message, level) => {
    if (level >= LogLevel.Warn) complaints.push(message);
    print(message, level);
  };
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    guideFiles.set(document, document.name);
    const text = document.content.map((part) => part.text).join('');
    document.frontmatter.group = document.name.includes('adr/') ? 'Decisions' : 'Guides';
    document.name = /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? document.name;
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => arrange(app, project, entries), -200);
  const points = app.getEntryPoints() ?? [];
  for (const point of points) {
    const file = resolve(point.sourceFile.fileName);
    point.displayName = entries.find(({ source }) => source === file)!.name;
  }
  const project = app.converter.convert(points);
  app.validate(project);
  for (const name of withoutComment(project)) app.logger.warn(`${name} has no comment`);
  await app.generateDocs(project, out);
  return complaints;
}

/** Functions and classes that a package exports and says nothing about. TypeDoc's own check would ask it of every member too. */
function withoutComment(project: ProjectReflection): string[] {
  const exported = project.getChildrenByKind(ReflectionKind.Module).flatMap(({ children = [] }) => children);
  return exported
    .filter((child) => child.kindOf([ReflectionKind.Function, ReflectionKind.Class]))
    .filter((child) => !(child.signatures ?? [child]).every((part) => part.comment?.summary.length))
    .map((child) => child.getFullName());
}

/** Guides in the order to read them; those that are not named here follow. */
const reading = ['model', 'your-own-pictures', 'training', 'reports', 'backends', 'performance', 'writing-a-head'];

function documents(root: string): string[] {
  const inside = (folder: string): string[] => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  const guides = inside('docs').filter((name) => name !== 'README.md');
  const place = (name: string): number => {
    const at = reading.indexOf(name.replace('.md', ''));
    return at < 0 ? reading.length : at;
  };
  return [
    ...guides.sort((a, b) => place(a) - place(b)).map((name) => `docs/${name}`),
    'CONTRIBUTING.md',
    ...inside('docs/adr').map((name) => `docs/adr/${name}`),
  ].map((path) => join(root, path));
}

/** Main entry and subpaths of a package. Modules without exports, there for their side effects, have nothing to describe. */
function entriesOf(folder: string): Entry[] {
  const { name, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    exports?: Record<string, { readonly '@glid/source'?: string }>;
  };
  return Object.entries(exports).flatMap(([key, target]) => {
    const source = target['@glid/source'] && join(folder, target['@glid/source']);
    if (!source || !/^export /m.test(readFileSync(source, 'utf8'))) return [];
    const readme = join(folder, 'README.md');
    return [{ name: `${name}${key.slice(1)}`, source, readme: key === '.' && existsSync(readme) ? readme : null }];
  });
}

/** Gives modules the READMEs of their packages, and takes out links to files that the site does not show. */
function arrange(app: Application, project: ProjectReflection, entries: readonly Entry[]): void {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    module.comment ??= new Comment();
    module.comment.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: 'Packages' }]));
    const { readme } = entries.find(({ name }) => name === module.name)!;
    if (!readme) continue;
    const path = normalizePath(readme);
    project.files.registerReflectionPath(path, module);
    project.files.registerReflectionPath(normalizePath(resolve(readme, '..')), module);
  }
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    const { readme } = entries.find(({ name }) => name === module.name)!;
    if (!readme) continue;
    const text = readFileSync(readme, 'utf8').replace(/^# .*\n/, '');
    const source = new MinimalSourceFile(text, normalizePath(readme));
    module.readme = shownLinks(app.converter.parseRawComment(source, project.files).content, project);
  }
  for (const document of project.documents ?? []) document.content = shownLinks(document.content, project);
  if (project.readme) project.readme = shownLinks(project.readme, project);
  // What is linked is copied: pictures only.
  const linked = [...project.files.getMediaPaths()];
  project.files.getMediaPaths = () => linked.filter((path) => picture.test(path));
}

/** Links to sources, folders and data become their bare labels; pages of the site and pictures stay. */
function shownLinks(parts: readonly CommentDisplayPart[], project: ProjectReflection): CommentDisplayPart[] {
  const result: CommentDisplayPart[] = [];
  let cutNext = false;
  for (const part of parts) {
    const last = result.at(-1);
    if (cutNext) {
      cutNext = false;
      result.push({ ...part, text: part.text.replace(/^\)/, '') });
    } else if (part.kind === 'relative-link' && part.target !== undefined && !isShown(part.target) && last) {
      const label = /\[([^\]]*)\]\($/;
      if (!label.test(last.text))
        throw new Error(`The link to ${part.text} is written in a way that is not understood.`);
      result[result.length - 1] = { ...last, text: last.text.replace(label, '$1') };
      cutNext = true;
    } else result.push(part);
  }
  return result;

  function isShown(target: Parameters<typeof project.files.resolve>[0]): boolean {
    const found = project.files.resolve(target, project);
    return found instanceof Reflection || picture.test(found ?? '');
  }
}

const picture = /\.(svg|png)$/;
const guideFiles = new WeakMap<Reflection, string>();

/** Documents keep the names of their files in their addresses: `documents/training.html`. */
class GuideRouter extends KindRouter {
  override getIdealBaseName(reflection: Reflection): string {
    const file = guideFiles.get(reflection);
    if (file === undefined) return super.getIdealBaseName(reflection);
    return `documents/${file.replace(/^docs\//, '').replaceAll('/', '-')}`;
  }
}
