/** How the page looks: as the system wants it, or as the person has chosen. */
export type Theme = "system" | "light" | "dark";

const storageKey = "whorl-theme";

/** What was chosen on this machine. */
export function keptTheme(storage: Pick<Storage, "getItem">): Theme {
  const kept = storage.getItem(storageKey);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Shows and keeps it. */
export function applyTheme(theme: Theme, root: HTMLElement, storage: Storage): void {
  if (theme === "system") {
    delete root.dataset["theme"];
    storage.removeItem(storageKey);
    return;
  }
  root.dataset["theme"] = theme;
  storage.setItem(storageKey, theme);
}

/** The other one of what is seen now; back to the system's own when both agree. */
export function nextTheme(theme: Theme, isSystemDark: boolean): Theme {
  const isDark = theme === "dark" || (theme === "system" && isSystemDark);
  const wanted = isDark ? "light" : "dark";
  return (wanted === "dark") === isSystemDark ? "system" : wanted;
}
