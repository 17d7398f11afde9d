import { dataError } from '@glid/base';

/** An element of a small XML file. */
export interface XmlElement {
  readonly name: string;
  /** Joined text directly inside, trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const deepest = 32;
const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface OpenElement {
  name: string;
  text: string;
  children: XmlElement[];
}

/**
 * The XML that annotation tools write: elements, text, CDATA, comments; attributes are skipped. No document types, so no
 * entities of one's own. Throws `GLID_DATA` for anything that is not well-formed or deeper than 32 levels.
 */
export function parseXml(text: string, source: string): XmlElement {
  const fail = (what: string): Error => dataError({ source }, `This is not sound XML: ${what}.`, 'Repair the file.');
  const root: OpenElement = { name: '', text: '', children: [] };
  const open: OpenElement[] = [root];
  const token =
    /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|[^<]+/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw fail(`unexpected text at character ${at}`);
    const [whole, cdata, closing, opening, , empty] = match;
    const current = open.at(-1)!;
    if (closing !== undefined) {
      if (current === root || current.name !== closing) throw fail(`</${closing}> closes nothing`);
      open.pop();
      open.at(-1)!.children.push({ ...current, text: current.text.trim() });
    } else if (opening !== undefined) {
      if (empty === '/') current.children.push({ name: opening, text: '', children: [] });
      else open.push({ name: opening, text: '', children: [] });
      if (open.length > deepest) throw fail(`nested deeper than ${deepest} levels`);
    } else if (cdata !== undefined) current.text += cdata;
    else if (!whole.startsWith('<')) current.text += plainText(whole, fail);
  }
  if (open.length > 1) throw fail(`<${open.at(-1)!.name}> is not closed`);
  const [top, ...more] = root.children;
  if (!top || more.length > 0 || root.text.trim() !== '') throw fail('there must be one outer element');
  return top;
}

function plainText(text: string, fail: (what: string) => Error): string {
  return text.replace(/&([^;\s]{0,12});?/g, (all, name: string) => {
    const code = /^#(\d{1,7})$/.exec(name)?.[1] ?? null;
    const hex = /^#x([0-9a-fA-F]{1,6})$/.exec(name)?.[1] ?? null;
    const point = code !== null ? Number(code) : hex !== null ? Number.parseInt(hex, 16) : -1;
    const character = point >= 0 && point <= 0x10ffff ? String.fromCodePoint(point) : entities[name];
    if (character === undefined || !all.endsWith(';')) throw fail(`unknown entity ${all}`);
    return character;
  });
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}
