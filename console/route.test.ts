import { expect, test } from "vitest";
import { parseRoute, routeHref, type Route } from "./route.ts";

test.each<{ href: string; route: Route }>([
  { href: "/", route: { view: "apps" } },
  { href: "/app?id=shop", route: { view: "app", id: "shop" } },
  { href: "/app?id=ns%2Fa+b.%3C%26", route: { view: "app", id: "ns/a b.<&" } },
  { href: "/requests", route: { view: "requests", filters: {} } },
  {
    href: "/requests?app=shop&status=5xx&path=%2Fa*&errors=true",
    route: {
      view: "requests",
      filters: { app: "shop", status: "5xx", path: "/a*", errors: "true" },
    },
  },
  {
    href: "/requests?component=cart&traceId=4bf9",
    route: { view: "requests", filters: { component: "cart", traceId: "4bf9" } },
  },
  { href: "/request?id=17", route: { view: "request", id: "17" } },
  { href: "/pods", route: { view: "pods" } },
])("$href", ({ href, route }) => {
  const { pathname, search } = new URL(href, "http://page");
  expect(parseRoute(pathname, search)).toEqual(route);
  expect(routeHref(route)).toBe(href);
});

test.each([
  ["/index.html", "", "/"],
  ["/pods/", "", "/pods"],
  ["/requests", "?cold=yes&method=&other=1", "/requests"],
  ["/<script>", "", "/<script>"],
])("%s%s is read as %s", (path, search, href) => {
  expect(routeHref(parseRoute(path, search))).toBe(href);
});
