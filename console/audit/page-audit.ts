/**
 * Looks at the page as a whole, from within: contrasts, movements, names of what can be used. The
 * tests put it into the page that they drive; it is no part of the bundle.
 */

import type { PageAudit } from "./audit-report.ts";

let shifted = 0;

const audit: PageAudit = {
  layoutShift: () => shifted,
  faintTexts,
  namelessControls,
  firstPaintMs: () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  overflowing,
};
Object.assign(globalThis, { pageAudit: audit });

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
}

new PerformanceObserver((list) => {
  for (const entry of list.getEntries() as LayoutShift[]) {
    if (!entry.hadRecentInput) shifted += entry.value;
  }
}).observe({ type: "layout-shift", buffered: true });

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

function faintTexts(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set<string>();
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = (node.textContent ?? "").trim();
    if (element === null || text === "" || !isSeen(element)) continue;
    const ratio = contrast(inkOf(element), groundOf(element));
    const { fontSize, fontWeight } = getComputedStyle(element);
    const px = Number.parseFloat(fontSize);
    const isLarge = px >= 24 || (px >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.add(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return [...found];
}

function isSeen(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return (
    width > 1 &&
    height > 1 &&
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  );
}

function inkOf(element: Element): Colour {
  const style = getComputedStyle(element);
  const isDrawn = element.namespaceURI === "http://www.w3.org/2000/svg";
  return over(parsed(isDrawn ? style.fill : style.color, opacityOf(element)), groundOf(element));
}

/** What is below the text: backgrounds from the outside in. */
function groundOf(element: Element): Colour {
  const layers: Colour[] = [];
  for (let each: Element | null = element; each !== null; each = each.parentElement) {
    layers.unshift(parsed(getComputedStyle(each).backgroundColor, 1));
  }
  return layers.reduce((below, layer) => over(layer, below), [255, 255, 255, 1] as Colour);
}

function opacityOf(element: Element): number {
  let opacity = 1;
  for (let each: Element | null = element; each !== null; each = each.parentElement) {
    opacity *= Number(getComputedStyle(each).opacity);
  }
  return opacity;
}

/** `rgb(1, 2, 3)`, `rgba(1, 2, 3, 0.4)` or `color(srgb 0.1 0.2 0.3 / 0.4)`, as computed styles have them. */
function parsed(text: string, opacity: number): Colour {
  const figures = (text.match(/[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  const scale = text.startsWith("color(") ? 255 : 1;
  const [red = 0, green = 0, blue = 0, alpha = 1] = figures;
  return [red * scale, green * scale, blue * scale, alpha * opacity];
}

function over(above: Colour, below: Colour): Colour {
  const mix = (a: number, b: number): number => a * above[3] + b * (1 - above[3]);
  return [mix(above[0], below[0]), mix(above[1], below[1]), mix(above[2], below[2]), 1];
}

/** WCAG 2.2, "contrast ratio". */
function contrast(a: Colour, b: Colour): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance([red, green, blue]: Colour): number {
  const linear = (value: number): number => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function namelessControls(): string[] {
  const controls = document.querySelectorAll(
    "a, button, input, select, [role=img], [tabindex='0']",
  );
  return Array.from(controls)
    .filter((control) => isSeen(control) && nameOf(control) === "")
    .map((control) => control.outerHTML.slice(0, 120));
}

function nameOf(control: Element): string {
  const label = control.closest("label")?.textContent ?? "";
  const named = control.getAttribute("aria-label") ?? control.getAttribute("aria-labelledby");
  return (named ?? `${control.textContent}${label}`).trim();
}

function overflowing(): string[] {
  const { clientWidth } = document.documentElement;
  return Array.from(document.body.querySelectorAll("*"))
    .filter((element) => isSeen(element) && element.getBoundingClientRect().right > clientWidth + 1)
    .filter((element) => element.closest(".scroll-x, .clip, .unseen, svg, .flame") === null)
    .map((element) => `${element.tagName} ${element.className}`);
}
