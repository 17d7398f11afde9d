import type { Page } from './pages.ts';

/** A fenced code block. */
export interface Block {
  /** What stands behind the fence: `ts`, `sh`, …; empty for drawings and lists of files. */
  readonly language: string;
  readonly code: string;
  /** Of the first line of code, from 1. */
  readonly line: number;
  /** Why it is not executed: the first line says `// not run: …` or `# not run: …`, for readers and for the tests. */
  readonly notRun: string | null;
  /** Code in a comment `<!-- given: … -->` right before it: what the reader has and the block does not repeat. */
  readonly given: string;
}

/** The fenced blocks of a page, in order. */
export function blocksOf({ text }: Page): Block[] {
  const blocks: Block[] = [];
  const fences = /(?:<!-- given:((?:(?!-->)[\s\S])*)-->\n\s*)?^( *)```([\w-]*)\n([\s\S]*?)^\2```$/gm;
  for (const match of text.matchAll(fences)) {
    const [whole, given = '', indent = '', language = '', code = ''] = match;
    const before = text.slice(0, match.index + whole.length - `${code}${indent}\`\`\``.length);
    blocks.push({
      language,
      code,
      line: before.split('\n').length,
      notRun: /^\s*(?:\/\/|#) not run: (.+)$/m.exec(code.split('\n')[0]!)?.[1] ?? null,
      given: given.trim(),
    });
  }
  return blocks;
}

/** Executed or checked languages; anything else is a drawing. */
export const isCode = ({ language }: Block): boolean => ['ts', 'js', 'sh', 'json', 'html', 'yaml'].includes(language);
