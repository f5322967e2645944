/** Where the person is in a list. */
export interface ListPlace {
  /** The row that has, or would get, the focus. */
  readonly active: number;
  readonly count: number;
  /** Rows on one screen. */
  readonly page: number;
}

/** The row that a key leads to, undefined where the key is none of a list's. */
export function listKey(key: string, { active, count, page }: ListPlace): number | undefined {
  const to = target(key, { active, count, page });
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, to));
}

function target(key: string, { active, count, page }: ListPlace): number | undefined {
  switch (key) {
    case "j":
    case "ArrowDown":
      return active + 1;
    case "k":
    case "ArrowUp":
      return active - 1;
    case "PageDown":
      return active + page;
    case "PageUp":
      return active - page;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/** What of an event says whether a single key is meant for the page. */
export interface KeyContext {
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly defaultPrevented: boolean;
  readonly target: unknown;
}

/** Not with modifiers, not while somebody writes, not behind a dialog. */
export function isShortcut(event: KeyContext): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  const { target: element } = event;
  if (!isElement(element)) return true;
  return !/^(?:INPUT|SELECT|TEXTAREA)$/.test(element.tagName) && element.closest("dialog") === null;
}

function isElement(value: unknown): value is Pick<Element, "tagName" | "closest"> {
  return typeof value === "object" && value !== null && "tagName" in value && "closest" in value;
}
