import type { VNode } from "preact";
import { useChanges } from "../live/changes.ts";
import type { Fleet } from "../live/fleet.ts";
import type { Connection } from "../live/follow-events.ts";
import { usePage } from "../page-context.ts";
import { Link, Outside } from "../parts/text-parts.tsx";
import type { Route } from "../route.ts";

/** What the bar at the top offers. */
export interface BarProps {
  readonly route: Route;
  onTheme(): void;
  onHelp(): void;
}

/** Where one is, where one can go, and whether what is seen is live. */
export function Bar({ route, onTheme, onHelp }: BarProps): VNode {
  const { fleet } = usePage();
  useChanges(fleet);
  const title = fleet.info?.title ?? "";
  return (
    <header class="bar">
      <div class="bar-inner">
        <Link class="brand" to={{ view: "apps" }}>
          <Mark />
          <b>whorl</b>
          {title !== "" && (
            <span class="brand-title">
              <Outside text={title} />
            </span>
          )}
        </Link>
        <nav class="nav" aria-label="Views">
          {(fleet.connection === "denied" ? [] : sections(fleet)).map(({ to, text, views }) => (
            <Link key={text} to={to} isCurrent={views.includes(route.view)}>
              {text}
            </Link>
          ))}
        </nav>
        <div class="bar-end">
          <LinkState state={fleet.connection} />
          <button
            type="button"
            class="icon-button help-button"
            aria-label="Keyboard"
            title="Keyboard (?)"
            onClick={onHelp}
          >
            <KeyboardIcon />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Light or dark"
            title="Light or dark (t)"
            onClick={onTheme}
          >
            <ThemeIcon />
          </button>
        </div>
      </div>
    </header>
  );
}

/** A part of the page, and the views that belong to it. */
export interface Section {
  readonly to: Route;
  readonly text: string;
  readonly views: readonly Route["view"][];
}

/** The parts of the page: pods only where there can be some. */
export function sections({ info, apps }: Pick<Fleet, "info" | "apps">): Section[] {
  const isOne = info?.scope === "process" && apps.length === 1;
  const parts: Section[] = [
    { to: { view: "apps" }, text: isOne ? "App" : "Apps", views: ["apps", "app"] },
    { to: { view: "requests", filters: {} }, text: "Requests", views: ["requests", "request"] },
  ];
  if (info !== undefined && info.scope !== "process") {
    parts.push({ to: { view: "pods" }, text: "Pods", views: ["pods"] });
  }
  return parts;
}

const stateWords: Readonly<Record<Connection, string>> = {
  connecting: "connecting",
  live: "live",
  lost: "no connection",
  denied: "not allowed",
};

function LinkState({ state }: { readonly state: Connection }): VNode {
  return (
    <span class="link-state" data-state={state} title={stateWords[state]}>
      <i aria-hidden="true" />
      <span>{stateWords[state]}</span>
    </span>
  );
}

function Mark(): VNode {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path
        d="M12 12a2 2 0 0 1 4 0a4 4 0 0 1-8 0a6 6 0 0 1 12 0a8 8 0 0 1-16 0a10 10 0 0 1 10-10"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
      />
    </svg>
  );
}

function KeyboardIcon(): VNode {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor">
      <rect x="1" y="3.5" width="14" height="9" rx="1.5" stroke-width="1.2" />
      <path d="M3.5 6.25h1m2 0h1m2 0h1m2 0h.5M4.75 9.75h6.5" stroke-width="1.2" />
    </svg>
  );
}

function ThemeIcon(): VNode {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.2" />
      <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
    </svg>
  );
}
