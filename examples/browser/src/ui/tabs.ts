/** Tabs by the WAI-ARIA pattern: arrows move, Home and End jump, the chosen one shows its panel. */
export class Tabs {
  readonly #tabs: readonly HTMLButtonElement[];
  readonly #onChange: (panel: string) => void;

  constructor(list: HTMLElement, onChange: (panel: string) => void) {
    this.#tabs = [...list.querySelectorAll<HTMLButtonElement>('[role=tab]')];
    this.#onChange = onChange;
    for (const [i, tab] of this.#tabs.entries()) {
      tab.addEventListener('click', () => this.#choose(i));
      tab.addEventListener('keydown', (event) => this.#key(event, i));
    }
  }

  show(panel: string): void {
    this.#choose(this.#tabs.findIndex((tab) => tab.getAttribute('aria-controls') === panel));
  }

  #key(event: KeyboardEvent, i: number): void {
    const last = this.#tabs.length - 1;
    const to = { ArrowRight: i === last ? 0 : i + 1, ArrowLeft: i === 0 ? last : i - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#choose(to);
    this.#tabs[to]!.focus();
  }

  #choose(chosen: number): void {
    for (const [i, tab] of this.#tabs.entries()) {
      const panel = tab.getAttribute('aria-controls')!;
      tab.setAttribute('aria-selected', String(i === chosen));
      tab.tabIndex = i === chosen ? 0 : -1;
      document.getElementById(panel)!.hidden = i !== chosen;
      if (i === chosen) this.#onChange(panel);
    }
  }
}
