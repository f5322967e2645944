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
  /** By its key: what is at a place now may be something else than what was seen there. */
  onOpen(key: string): void;
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
  const [focusedLast, setFocusedLast] = useState<PlacedKey>({ at: 0, key: undefined });
  const seen = useSeen(body, props.onLook);
  const place = { ...seen, rowHeight, count };
  const { from, to } = visibleRange(place);
  const active = placeNow(focusedLast, props, { from, to });
  const pressed = usePressedRow(props);
  useReleaseAtEnd(props);
  const focusRow = (at: number): void => {
    setFocusedLast({ at, key: props.rowKey(at) });
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
    const next = listKey(event.key, { active: isInList ? active : -1, count, page });
    if (next === undefined) return;
    event.preventDefault();
    focusRow(next);
  };
  useDocumentKeys(onKey);
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
        onPointerDown={pressed.onPointerDown}
        onClick={pressed.onClick}
      >
        {shown.map((at) => (
          <Row
            key={props.rowKey(at)}
            id={props.rowKey(at)}
            at={at}
            list={props}
            isActive={at === focused}
            onFocus={setFocusedLast}
          />
        ))}
      </div>
    </div>
  );
}

/** A row that had the focus, and where it was then. */
interface PlacedKey {
  readonly at: number;
  readonly key: string | undefined;
}

/** Where a row is now, as far as it is seen: rows that came meanwhile have moved it. */
function placeNow(
  { at, key }: PlacedKey,
  { rowKey, count }: VirtualListProps,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  if (key === undefined || (at < count && rowKey(at) === key)) return at;
  for (let each = from; each < to; each++) if (rowKey(each) === key) return each;
  return at;
}

interface PressedRow {
  readonly key: string;
  readonly x: number;
  readonly y: number;
}

/** A pointer that moves farther than that between pressing and releasing chooses no row. */
const pressedPxMax = 6;

/**
 * Rows may move between pressing and releasing: then the browser tells the click to what both have
 * in common. What was pressed is what was meant.
 */
function usePressedRow(list: VirtualListProps): {
  onPointerDown(event: PointerEvent): void;
  onClick(event: MouseEvent): void;
} {
  const pressed = useRef<PressedRow | null>(null);
  return {
    onPointerDown({ target, clientX: x, clientY: y }) {
      const row = target instanceof Element ? target.closest<HTMLElement>("[data-key]") : null;
      const key = row?.dataset["key"];
      pressed.current = key === undefined ? null : { key, x, y };
    },
    onClick({ target, currentTarget, clientX, clientY }) {
      const was = pressed.current;
      pressed.current = null;
      if (was === null || target !== currentTarget) return;
      if (Math.hypot(clientX - was.x, clientY - was.y) <= pressedPxMax) list.onOpen(was.key);
    },
  };
}

/** A list that goes away under the pointer, or with the focus, hears of neither again. */
function useReleaseAtEnd({ onHold }: VirtualListProps): void {
  const newest = useRef(onHold);
  newest.current = onHold;
  useEffect(() => () => newest.current?.(false), []);
}

interface RowProps {
  readonly id: string;
  readonly at: number;
  readonly list: VirtualListProps;
  readonly isActive: boolean;
  onFocus(row: PlacedKey): void;
}

function Row({ id, at, list, isActive, onFocus }: RowProps): VNode {
  return (
    <div
      class="list-row"
      role="row"
      data-key={id}
      aria-rowindex={at + 2}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${at * list.rowHeight}px)` }}
      onClick={() => list.onOpen(id)}
      onFocus={() => {
        onFocus({ at, key: id });
        list.onLook?.();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.target !== event.currentTarget) return;
        event.preventDefault();
        list.onOpen(id);
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
  // As soon as there is something to see: a key must not be lost.
  useLayoutEffect(() => {
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
