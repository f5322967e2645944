/** What the tests ask a page about itself; page-audit.ts answers. */
export interface PageAudit {
  /** How far what was seen has moved by itself (Layout Instability API, 0 is not at all). */
  layoutShift(): number;
  /** Texts whose contrast is below WCAG 2.2 AA, with their contrast. */
  faintTexts(): string[];
  /** Things to press or to fill in that have no name for those who listen. */
  namelessControls(): string[];
  /** Milliseconds from asking for the page to the first paint with content. */
  firstPaintMs(): number | undefined;
  /** What sticks out of the page to the right. */
  overflowing(): string[];
}
