import { useEffect, useState } from "preact/hooks";
import { parseRoute, type Route, routeHref } from "../route.ts";

/** The route of the address bar, and how to change it. */
export function useRoute(): {
  readonly route: Route;
  go(route: Route, how?: "replace"): void;
} {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const onPop = (): void => setRoute(currentRoute());
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);
  const [go] = useState(() => (to: Route, how?: "replace"): void => {
    if (how === "replace") {
      history.replaceState(null, "", routeHref(to));
    } else if (routeHref(to) !== routeHref(currentRoute())) {
      history.pushState(null, "", routeHref(to));
      window.scrollTo(0, 0);
    }
    setRoute(to);
  });
  return { route, go };
}

function currentRoute(): Route {
  return parseRoute(location.pathname, location.search);
}
