// Runs before anything is painted, so that the page does not flash in the other colours.
import { applyTheme, keptTheme } from "./theme.ts";

applyTheme(keptTheme(localStorage), document.documentElement, localStorage);
