/** The element with an id; its absence is a mistake in index.html. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}.`);
  return found as E;
}

/** Makes an element: attributes that are properties of it, and children. */
export function make<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Partial<HTMLElementTagNameMap[T]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[T] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Calls back on clicks, and shows what went wrong. */
export function onClick(id: string, action: () => unknown): void {
  byId(id).addEventListener('click', () => void attempt(action));
}

/** Runs something that the user asked for; an error is told in the page, not thrown. */
export async function attempt(action: () => unknown): Promise<void> {
  try {
    showProblem('');
    await action();
  } catch (error) {
    showProblem(error instanceof Error ? error.message : String(error));
  }
}

/** An empty message takes the last one away. */
export function showProblem(message: string): void {
  const problem = byId('problem');
  problem.textContent = message;
  problem.hidden = message === '';
}

/** Tells what goes on, also to screen readers. */
export function say(message: string): void {
  byId('status').textContent = message;
}

/** Fills a `<select>`, keeping its value where it is still there. */
export function fillSelect(
  select: HTMLSelectElement,
  options: readonly (readonly [value: string, text: string])[],
): void {
  const before = select.value;
  select.replaceChildren(...options.map(([value, textContent]) => make('option', { value, textContent })));
  if (options.some(([value]) => value === before)) select.value = before;
}
