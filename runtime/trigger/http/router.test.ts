import { describe, expect, test } from "vitest";
import type { HttpTrigger } from "../../app/app.ts";
import { WhorlError } from "../../error.ts";
import { Router } from "./router.ts";

/** A router over routes; the id of each trigger is its place in the list. */
function router(...routes: (string | undefined)[]): Router {
  return new Router(routes.map((route, index) => trigger(String(index), route)));
}

function trigger(id: string, route: string | undefined): HttpTrigger {
  return { id, route, target: { kind: "component", component: id } };
}

function rawRoute(of: Router, path: string): string | undefined {
  return of.match(path)?.route.rawRoute;
}

describe("Router.match", () => {
  test.each([
    // route, path, path info or undefined for no match
    ["/", "/", ""],
    ["/", "", ""],
    ["/", "//", ""],
    ["/", "/a", undefined],
    ["/foo", "/foo", ""],
    ["/foo", "/foo/", ""],
    ["/foo", "/foo//", ""],
    ["/foo", "/foobar", undefined],
    ["/foo", "/foo/bar", undefined],
    ["/foo", "/Foo", undefined],
    ["/foo", "/%66oo", undefined],
    ["/foo/", "/foo", ""],
    ["foo", "/foo", ""],
    ["/foo/bar", "/foo//bar", undefined],
    ["/caf\u00e9", "/caf\u00e9", ""],
    ["/a.b/c", "/a.b/c", ""],
    ["/...", "/", "/"],
    ["/...", "*", "/*"],
    ["...", "/x", "/x"],
    ["/*", "/a/b", "/a/b"],
    ["/foo/...", "/foo", ""],
    ["/foo/...", "/foo/", "/"],
    ["/foo/...", "/foo/bar", "/bar"],
    ["/foo/...", "/foo/bar/", "/bar/"],
    ["/foo/...", "/foo/bar/baz", "/bar/baz"],
    ["/foo/...", "/foo//bar", "//bar"],
    ["/foo/...", "/foobar", undefined],
    ["/foo/...", "/", undefined],
    ["/foo/*", "/foo/bar%2Fbaz", "/bar%2Fbaz"],
    ["/users/:id", "/users", undefined],
    ["/users/:id", "/users/", undefined],
    ["/users/:id", "/users/1/2", undefined],
    ["/users/:id/...", "/users/42", ""],
    ["/users/:id/...", "/users/42/", "/"],
    ["/users/:id/...", "/users/42/hello", "/hello"],
    ["/users/:id/...", "/users/42/hello/", "/hello/"],
  ])("route %s, path %s", (route, path, pathInfo) => {
    expect(router(route).match(path)?.pathInfo).toBe(pathInfo);
  });

  test.each([
    ["/users/:id", "/users/42", [["id", "42"]]],
    ["/users/:id", "/users/42/", [["id", "42"]]],
    ["/users/:id", "/users/a%20b", [["id", "a%20b"]]],
    ["/users/:id/...", "/users/42/hello", [["id", "42"]]],
    [
      "/:a/x/:b",
      "/1/x/2",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    ["/:a/:a", "/1/2", [["a", "2"]]],
    ["/u/:id/x", "/u//x", [["id", ""]]],
    ["/:file.json", "/a.json", [["file", "a"]]],
    [
      "/:file.:ext",
      "/a.b.c",
      [
        ["file", "a"],
        ["ext", "b.c"],
      ],
    ],
    ["/v1.:minor/api", "/v1.2/api", [["minor", "2"]]],
    ["/:file", "/a.b", [["file", "a.b"]]],
  ])("route %s, path %s gives the parameters", (route, path, params) => {
    expect(router(route).match(path)?.params).toEqual(params);
  });

  test.each([
    ["/:file.json", "/a.txt"],
    ["/:file.json", "/json"],
    ["/v1.:minor", "/v2.1"],
    ["/:file.:ext", "/a"],
    ["/:id/x", "/1"],
  ])("route %s, path %s: no match", (route, path) => {
    expect(router(route).match(path)).toBeUndefined();
  });

  test.each([
    // the expected route comes first; the order of declaration must not matter
    ["/one", ["/...", "/:a"], "/one"],
    ["/one", ["/...", "/:a", "/one/..."], "/one/"],
    ["/one/...", ["/:a", "/:a/..."], "/one"],
    ["/:a", ["/...", "/:a/..."], "/two"],
    ["/:a/...", ["/...", "/:a"], "/two/three"],
    ["/one/two/three/...", ["/one/...", "/one/two/..."], "/one/two/three/four"],
    ["/one/two/...", ["/one/...", "/one/two/three/..."], "/one/two/x"],
    ["/one/...", ["/one/:a/x", "/one/two"], "/one/three"],
    ["/one/:a/x", ["/one/...", "/:b/two/x"], "/one/two/x"],
    ["/:b/two/x", ["/:b/:a/x", "/:b/..."], "/y/two/x"],
    ["/:a/x", ["/one/y", "/..."], "/one/x"],
    ["/a.:b", ["/:c.json", "/:d", "/:e.:f"], "/a.json"],
    ["/:c.json", ["/:d", "/:e.:f"], "/x.json"],
    ["/:e.:f", ["/:d", "/..."], "/x.y"],
  ])("%s wins over %j for %s", (winner, others, path) => {
    expect(rawRoute(router(winner, ...others), path)).toBe(winner);
    expect(rawRoute(router(...others.toReversed(), winner), path)).toBe(winner);
  });

  test("reports the route in its three spellings", () => {
    expect(router("foo/:a/.../").match("/foo/1/2")?.route).toMatchObject({
      rawRoute: "foo/:a/.../",
      matchedRoute: "/foo/:a/...",
      componentRoute: "foo/:a/.../",
    });
    expect(router("/foo/...").match("/foo")?.route).toMatchObject({
      rawRoute: "/foo/...",
      matchedRoute: "/foo/...",
      componentRoute: "/foo",
    });
    expect(router("/").match("/")?.route).toMatchObject({ rawRoute: "/", matchedRoute: "" });
  });

  test("leaves private triggers out", () => {
    const routes = router(undefined, "/a");
    expect(routes.routes).toHaveLength(1);
    expect(routes.match("/")).toBeUndefined();
  });
});

describe("Router.warnings", () => {
  test("of two equal routes the last one wins", () => {
    const routes = new Router([trigger("first", "/a"), trigger("last", "/a")]);
    expect(routes.match("/a")?.route.trigger.id).toBe("last");
    expect(routes.warnings).toEqual([expect.stringContaining('route "/a" of trigger "first"')]);
  });

  test.each([
    ["/a", "/a/"],
    ["/a", "a"],
    ["/a/...", "/a/*"],
    ["/:x/b", "/:y/b"],
    ["/:x.json", "/:y.json"],
  ])("of %s and %s, which match the same, the first one wins", (first, second) => {
    const routes = new Router([trigger("first", first), trigger("second", second)]);
    expect(routes.routes.map((route) => route.trigger.id)).toEqual(["first"]);
    expect(routes.warnings).toEqual([expect.stringContaining(`"${second}" of trigger "second"`)]);
  });

  test("names routes below the reserved prefix", () => {
    expect(router("/.well-known/spin/x").warnings).toEqual([
      expect.stringContaining("/.well-known/spin/"),
    ]);
    expect(router("/.well-known/x", "/...", "/a").warnings).toEqual([]);
  });
});

test.each(["/*/a", "/.../*/b", "/a/*b", "/:", "/a/:/b", "/:a b", "/:a\u00e9"])(
  "refuses the route %j",
  (route) => {
    expect(() => router(route)).toThrow(WhorlError);
    expect(() => router(route)).toThrow(`"${route}" of "0"`);
  },
);
