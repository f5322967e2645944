import { expect, test } from "vitest";
import { keptTheme, nextTheme, type Theme } from "./theme.ts";

test.each<[Theme, boolean, Theme]>([
  ["system", false, "dark"],
  ["dark", false, "system"],
  ["light", false, "dark"],
  ["system", true, "light"],
  ["light", true, "system"],
  ["dark", true, "light"],
])("from %s, where the system is dark: %s, to %s", (theme, isSystemDark, next) => {
  expect(nextTheme(theme, isSystemDark)).toBe(next);
});

test.each([
  [null, "system"],
  ["dark", "dark"],
  ["light", "light"],
  ["<script>", "system"],
])("%o is kept: %s", (kept, theme) => {
  expect(keptTheme({ getItem: () => kept })).toBe(theme);
});
