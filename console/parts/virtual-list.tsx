import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isShortcut, listKey } from "../keyboard/list-keys.ts";
import { scrollToRow, visibleRange } from "../table/visible-range.ts";

export interface VirtualListProps {
  /** What the list is of, for those who listen. */
  readonly label: string;
  readonly class: string;
  readonly count: number;
  readonly rowHeight: number;
  /** The cells of the head, with the role `columnheader`. */
  readonly head: ComponentChildren;
  /** Tells rows apart. */
  rowKey(at: number): string;
  /** The cells of a row, with the role `gridcell`. */
  row(at: number): ComponentChildren;
  onOpen(at: number): void;
  /** A row has got the focus, or the list was scrolled away from its top. */
  onLook?(): void;
  /** Somebody is about to choose a row, or no longer: rows should not change places meanwhile. */
  onHold?(isHeld: boolean): void;
}

interface Seen {
  readonly scrollTop: number;
  readonly height: number;
}

/**
 * A grid of any length in the page's own scroll: only rows on the screen exist. One row at a time
 * can be reached by tab, the others by j, k, arrows, page keys, Home and End; Enter opens.
 */
export function VirtualList(props: VirtualListProps): VNode {
  const { count, rowHeight, label } = props;
  const body = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const seen = useSeen(body, props.onLook);
  const place = { ...seen, rowHeight, count };
  const focusRow = (at: number): void => {
    setActive(at);
    bringIntoView(body.current, at, place);
    const row = (): HTMLElement | null | undefined =>
      body.current?.querySelector<HTMLElement>(`[aria-rowindex="${at + 2}"]`);
    // It may come into being only with the next drawing.
    if (row() === null) requestAnimationFrame(() => row()?.focus({ preventScroll: true }));
    else row()?.focus({ preventScroll: true });
  };
  const onKey = (event: KeyboardEvent): void => {
    const isInList = body.current?.contains(document.activeElement) === true;
    if (!isShortcut(event) || (!isInList && event.key !== "j" && event.key !== "k")) return;
    const page = Math.max(1, Math.floor((seen.height - headRoom) / rowHeight) - 1);
    const to = listKey(event.key, { active: isInList ? active : -1, count, page });
    if (to === undefined) return;
    event.preventDefault();
    focusRow(to);
  };
  useDocumentKeys(onKey);
  const { from, to } = visibleRange(place);
  const focused = Math.min(active, count - 1);
  const shown = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
  if (focused >= 0 && (focused < from || focused >= to)) shown.push(focused);
  return (
    <div
      class={`list ${props.class}`}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      onPointerEnter={() => props.onHold?.(true)}
      onPointerLeave={() => props.onHold?.(false)}
      onFocusIn={() => props.onHold?.(true)}
      onFocusOut={() => props.onHold?.(false)}
    >
      <div class="list-head" role="row" aria-rowindex={1}>
        {props.head}
      </div>
      <div
        class="list-body"
        role="rowgroup"
        ref={body}
        style={{ height: `${count * rowHeight}px` }}
      >
        {shown.map((at) => (
          <Row
            key={props.rowKey(at)}
            at={at}
            list={props}
            isActive={at === focused}
            onFocus={setActive}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly at: number;
  readonly list: VirtualListProps;
  readonly isActive: boolean;
  onFocus(at: number): void;
}

function Row({ at, list, isActive, onFocus }: RowProps): VNode {
  return (
    <div
      class="list-row"
      role="row"
      aria-rowindex={at + 2}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${at * list.rowHeight}px)` }}
      onClick={() => list.onOpen(at)}
      onFocus={() => {
        onFocus(at);
        list.onLook?.();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.target !== event.currentTarget) return;
        event.preventDefault();
        list.onOpen(at);
      }}
    >
      {list.row(at)}
    </div>
  );
}

/** What sticks to the top of the screen and hides rows. */
const headRoom = 93;

function bringIntoView(
  body: HTMLElement | null,
  at: number,
  place: Seen & { rowHeight: number; count: number },
): void {
  if (body === null) return;
  const top = -body.getBoundingClientRect().top;
  const free = { ...place, scrollTop: top + headRoom, height: place.height - headRoom };
  const wanted = scrollToRow(at, free);
  if (wanted !== free.scrollTop) window.scrollBy({ top: wanted - free.scrollTop });
}

/** Which part of the list is on the screen, kept up to date. */
function useSeen(body: { readonly current: HTMLElement | null }, onLook?: () => void): Seen {
  const [seen, setSeen] = useState<Seen>({ scrollTop: 0, height: window.innerHeight });
  const look = (): void => {
    const scrollTop = Math.round(-(body.current?.getBoundingClientRect().top ?? 0));
    const height = window.innerHeight;
    setSeen((before) =>
      before.scrollTop === scrollTop && before.height === height ? before : { scrollTop, height },
    );
  };
  // What is above the list may have grown.
  useLayoutEffect(look);
  useEffect(() => {
    const onScroll = (): void => {
      look();
      if (window.scrollY > awayFromTop) onLook?.();
    };
    window.addEventListener("scroll", onScroll, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", onScroll);
      window.removeEventListener("resize", look);
    };
  }, []);
  return seen;
}

/** Pixels of scrolling that mean that somebody reads. */
const awayFromTop = 240;

function useDocumentKeys(onKey: (event: KeyboardEvent) => void): void {
  const newest = useRef(onKey);
  newest.current = onKey;
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => newest.current(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}

/** Rows are higher where two lines stand in each. */
export function useRowHeight(desk: number, phone: number): number {
  const query = "(max-width: 640px)";
  const [isPhone, setIsPhone] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const listener = (): void => setIsPhone(media.matches);
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  }, []);
  return isPhone ? phone : desk;
}
