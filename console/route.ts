/** Filters of the request log as the API names them; what is absent filters nothing. */
export interface RequestFilters {
  readonly app?: string;
  readonly component?: string;
  readonly traceId?: string;
  readonly method?: string;
  readonly status?: string;
  readonly path?: string;
  readonly slowerThanMs?: string;
  readonly errors?: "true";
  readonly cold?: "true";
}

/** What the page shows. */
export type Route =
  | { readonly view: "apps" }
  | { readonly view: "app"; readonly id: string }
  | { readonly view: "requests"; readonly filters: RequestFilters }
  | { readonly view: "request"; readonly id: string }
  | { readonly view: "pods" }
  | { readonly view: "nowhere"; readonly path: string };

const textFilters = [
  "app",
  "component",
  "method",
  "status",
  "path",
  "slowerThanMs",
  "traceId",
] as const;
const flagFilters = ["errors", "cold"] as const;

/** Reads an address of the page. */
export function parseRoute(pathname: string, search: string): Route {
  const query = new URLSearchParams(search);
  const id = query.get("id") ?? "";
  switch (pathname.replace(/\/$/, "")) {
    case "":
    case "/index.html":
      return { view: "apps" };
    case "/app":
      return { view: "app", id };
    case "/requests":
      return { view: "requests", filters: filtersOf(query) };
    case "/request":
      return { view: "request", id };
    case "/pods":
      return { view: "pods" };
    default:
      return { view: "nowhere", path: pathname };
  }
}

/** The address of what is shown. */
export function routeHref(route: Route): string {
  switch (route.view) {
    case "apps":
      return "/";
    case "app":
    case "request":
      return `/${route.view}?${new URLSearchParams({ id: route.id }).toString()}`;
    case "requests": {
      const query = new URLSearchParams({ ...route.filters }).toString();
      return query === "" ? "/requests" : `/requests?${query}`;
    }
    case "pods":
      return "/pods";
    case "nowhere":
      return route.path;
  }
}

function filtersOf(query: URLSearchParams): RequestFilters {
  const texts = textFilters.flatMap((name) => {
    const value = query.get(name) ?? "";
    return value === "" ? [] : [[name, value] as const];
  });
  const flags = flagFilters.flatMap((name) =>
    query.get(name) === "true" ? [[name, "true"] as const] : [],
  );
  return Object.fromEntries<string>([...texts, ...flags]);
}
