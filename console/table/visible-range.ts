/** What of a long list is on the screen. */
export interface Scrolled {
  readonly scrollTop: number;
  /** Height of what is seen of the list. */
  readonly height: number;
  readonly rowHeight: number;
  readonly count: number;
}

export interface VisibleRange {
  /** First row to draw. */
  readonly from: number;
  /** One after the last row to draw. */
  readonly to: number;
}

/** Rows drawn beyond the edges, so that a scroll shows no gap before the next frame. */
const margin = 6;

/** The rows to draw: a bounded number, whatever the list's length. */
export function visibleRange({ scrollTop, height, rowHeight, count }: Scrolled): VisibleRange {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const rows = Math.ceil(Math.max(0, height) / rowHeight) + 1;
  const from = Math.max(0, Math.min(first, count - rows) - margin);
  return { from, to: Math.min(count, Math.max(0, Math.min(first, count - 1)) + rows + margin) };
}

/** Where to scroll so that a row is wholly seen; the same place if it is already. */
export function scrollToRow(row: number, scrolled: Scrolled): number {
  const top = row * scrolled.rowHeight;
  const bottom = top + scrolled.rowHeight;
  if (top < scrolled.scrollTop) return top;
  if (bottom > scrolled.scrollTop + scrolled.height) return bottom - scrolled.height;
  return scrolled.scrollTop;
}
