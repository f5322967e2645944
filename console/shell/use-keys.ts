import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isShortcut } from "../keyboard/list-keys.ts";
import type { Fleet } from "../live/fleet.ts";
import type { RequestFilters, Route } from "../route.ts";
import { sections } from "./bar.tsx";

/** What single keys do. */
export interface KeyActions {
  readonly fleet: Fleet;
  readonly route: Route;
  go(route: Route): void;
  lastFilters(): RequestFilters;
  onTheme(): void;
  onHelp(): void;
}

const storageKey = "whorl-single-keys";

/** Listens to single keys of the whole page, unless somebody has turned them off. */
export function useKeys(actions: KeyActions): {
  readonly usesKeys: boolean;
  onUseKeys(usesKeys: boolean): void;
} {
  const [usesKeys, setUsesKeys] = useState(() => localStorage.getItem(storageKey) !== "off");
  const newest = useRef(actions);
  newest.current = actions;
  // As soon as there is something to see: a key must not be lost.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") leave(event, newest.current);
      else if (!usesKeys && event.key.length === 1) event.stopImmediatePropagation();
      else if (isShortcut(event) && act(event.key, newest.current)) event.preventDefault();
    };
    // First of all listeners, so that it can keep keys from the others.
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, [usesKeys]);
  return {
    usesKeys,
    onUseKeys(wanted) {
      if (wanted) localStorage.removeItem(storageKey);
      else localStorage.setItem(storageKey, "off");
      setUsesKeys(wanted);
    },
  };
}

function act(key: string, { fleet, go, onTheme, onHelp }: KeyActions): boolean {
  if (key === "?") return done(onHelp());
  if (key === "t") return done(onTheme());
  if (key === "/") {
    const filter = document.querySelector<HTMLInputElement>("[data-filter]");
    filter?.focus();
    filter?.select();
    return filter !== null;
  }
  const section = /^[1-9]$/.test(key) ? sections(fleet)[Number(key) - 1] : undefined;
  if (section === undefined) return false;
  return done(go(section.to));
}

function done(_nothing: void): true {
  return true;
}

/** Out of a filter first, then to the list that a thing belongs to. */
function leave(event: KeyboardEvent, { route, go, lastFilters }: KeyActions): void {
  const { target } = event;
  if (event.defaultPrevented || !(target instanceof Element)) return;
  if (target.closest("dialog") !== null) return;
  if (target instanceof HTMLElement && target.matches("input, select")) {
    target.blur();
    event.preventDefault();
    return;
  }
  if (route.view === "app") go({ view: "apps" });
  if (route.view === "request") go({ view: "requests", filters: lastFilters() });
}
