import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Failure } from "../../runtime/telemetry/admin/console-api.ts";
import { printableText } from "../../runtime/telemetry/printable-text.ts";
import type { ConsoleClient } from "../api/console-client.ts";
import { countHealth, fleetHeadline } from "../format/headline.ts";
import { Announcer } from "../live/announcer.ts";
import { useChanges } from "../live/changes.ts";
import type { Fleet } from "../live/fleet.ts";
import { followFleet } from "../live/follow-fleet.ts";
import { useWatched } from "../live/use-watched.ts";
import { type Page, PageContext } from "../page-context.ts";
import type { RequestFilters, Route } from "../route.ts";
import { applyTheme, keptTheme, nextTheme } from "../theme.ts";
import { AppView } from "../views/app-view.tsx";
import { AppsView } from "../views/apps-view.tsx";
import { NowhereView } from "../views/nowhere-view.tsx";
import { PodsView } from "../views/pods-view.tsx";
import { RequestView } from "../views/request-view.tsx";
import { RequestsView } from "../views/requests-view.tsx";
import { Bar } from "./bar.tsx";
import { KeysDialog } from "./keys-dialog.tsx";
import { SignIn } from "./sign-in.tsx";
import { useKeys } from "./use-keys.ts";
import { useRoute } from "./use-route.ts";

interface ShellProps {
  readonly client: ConsoleClient;
  readonly fleet: Fleet;
  /** Somebody gave a token. */
  onToken(token: string): void;
}

/** The whole page. */
export function Shell({ client, fleet, onToken }: ShellProps): VNode {
  const { route, go } = useRoute();
  const [attempt, setAttempt] = useState(0);
  const [hasHelp, setHelp] = useState(false);
  const { spoken, announce } = useAnnouncer();
  const lastFilters = useLastFilters(route);
  const needsToken = useNeedsToken(fleet);
  const page = useMemo<Page>(() => ({ client, fleet, go, announce, lastFilters }), []);
  useFleet(page, attempt);
  useChanges(fleet);
  useTitle(route, fleet);
  useSpokenHeadline(page);
  useFocusOnHeading(route);
  const keys = useKeys({
    fleet,
    route,
    go,
    lastFilters,
    onTheme: changeTheme,
    onHelp: () => setHelp(true),
  });
  return (
    <PageContext.Provider value={page}>
      <a class="skip" href="#main" onClick={skipToMain}>
        To the content
      </a>
      <Bar route={route} onTheme={changeTheme} onHelp={() => setHelp(true)} />
      {needsToken ? (
        <SignIn
          refusal={client.hasToken ? fleet.refusal : ""}
          onToken={(token) => {
            onToken(token);
            setAttempt((before) => before + 1);
          }}
        />
      ) : (
        <main class="page" id="main" tabIndex={-1}>
          <View route={route} fleet={fleet} />
        </main>
      )}
      <p class="unseen" role="status" aria-live="polite" data-spoken>
        {spoken}
      </p>
      {hasHelp && <KeysDialog {...keys} onClose={() => setHelp(false)} />}
    </PageContext.Provider>
  );
}

function View({ route, fleet }: { readonly route: Route; readonly fleet: Fleet }): VNode {
  switch (route.view) {
    case "apps": {
      const [only, ...others] = fleet.apps;
      const isOne = fleet.info?.scope === "process" && only !== undefined && others.length === 0;
      return isOne ? <AppView id={only.summary.id} isOnly /> : <AppsView />;
    }
    case "app":
      return <AppView key={route.id} id={route.id} />;
    case "requests":
      return <RequestsView filters={route.filters} />;
    case "request":
      return <RequestView key={route.id} id={route.id} />;
    case "pods":
      return <PodsView />;
    case "nowhere":
      return <NowhereView path={route.path} />;
  }
}

function useFleet({ client, fleet, announce }: Page, attempt: number): void {
  const isWatched = useWatched();
  useEffect(() => {
    if (!isWatched) return undefined;
    const ended = new AbortController();
    const onFailures = (failures: readonly Failure[]): void => {
      const newest = failures.at(-1);
      if (newest !== undefined) announce(`${printableText(newest.app)} failed: ${newest.code}`);
    };
    void followFleet(client, fleet, { signal: ended.signal, onFailures });
    return () => ended.abort();
  }, [attempt, isWatched]);
}

/** The form stays while a token is tried: what was written there, and the focus, stay with it. */
function useNeedsToken({ connection }: Fleet): boolean {
  const needs = useRef(false);
  if (connection !== "connecting") needs.current = connection === "denied";
  return needs.current;
}

/** The way back from a request leads to the list as it was. */
function useLastFilters(route: Route): () => RequestFilters {
  const filters = useRef<RequestFilters>({});
  if (route.view === "requests") filters.current = route.filters;
  return () => filters.current;
}

/** What is said to those who listen, and how to say something. */
function useAnnouncer(): { readonly spoken: string; announce(text: string): void } {
  const [spoken, setSpoken] = useState("");
  const announcer = useMemo(() => new Announcer(setSpoken, () => performance.now()), []);
  useEffect(() => {
    const timer = setInterval(() => announcer.tick(), 1_000);
    return () => clearInterval(timer);
  }, []);
  return { spoken, announce: (text) => announcer.announce(text) };
}

function useTitle(route: Route, fleet: Fleet): void {
  const title = titleOf(route, fleet);
  useEffect(() => {
    document.title = `${title} · Whorl`;
  }, [title]);
}

/** Says when apps begin or cease to need attention. */
function useSpokenHeadline({ fleet, announce }: Page): void {
  const headline = fleet.isLoaded ? headlineOf(fleet) : undefined;
  const before = useRef(headline);
  useEffect(() => {
    if (before.current !== undefined && headline !== undefined) announce(headline);
    before.current = headline;
  }, [headline]);
}

function headlineOf(fleet: Fleet): string {
  return fleetHeadline(countHealth(fleet.apps.map(({ summary }) => summary)));
}

function titleOf(route: Route, fleet: Fleet): string {
  switch (route.view) {
    case "apps":
      return fleet.isLoaded ? headlineOf(fleet) : "Apps";
    case "app":
      return printableText(route.id);
    case "requests":
      return "Requests";
    case "request":
      return `Request ${printableText(route.id)}`;
    case "pods":
      return "Pods";
    case "nowhere":
      return "Nothing here";
  }
}

/** After going somewhere the focus is there too, as after loading another page. */
function useFocusOnHeading(route: Route): void {
  const before = useRef(route);
  useLayoutEffect(() => {
    const isSame = before.current.view === route.view && idOf(before.current) === idOf(route);
    before.current = route;
    if (!isSame) document.querySelector("h1")?.focus({ preventScroll: true });
  }, [route]);
}

function idOf(route: Route): string {
  return "id" in route ? route.id : "";
}

function changeTheme(): void {
  const isSystemDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = nextTheme(keptTheme(localStorage), isSystemDark);
  applyTheme(theme, document.documentElement, localStorage);
}

/** The address keeps its fragment free: it is where a token may be. */
function skipToMain(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#main")?.focus();
}
