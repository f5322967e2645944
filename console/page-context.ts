import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ConsoleClient } from "./api/console-client.ts";
import type { Fleet } from "./live/fleet.ts";
import type { RequestFilters, Route } from "./route.ts";

/** What every view may use. */
export interface Page {
  readonly client: ConsoleClient;
  readonly fleet: Fleet;
  /** Shows something else, as a click on a link does. `replace` leaves no way back. */
  go(route: Route, how?: "replace"): void;
  /** With which filters the requests were looked at last. */
  lastFilters(): RequestFilters;
  /** Tells those who listen instead of looking; rarely. */
  announce(text: string): void;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error("this part is drawn outside of the page");
  return page;
}
