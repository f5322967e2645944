import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { runWhorl, wasmApp, WhorlProcess } from "../whorl-process.ts";

describe("a command", () => {
  test.each<[args: string[], status: number, stdout: string]>([
    [[], 0, "Hello from a command\n"],
    [["arguments", "a b", "--quiet", "--"], 0, "command|arguments|a b|--quiet|--\n"],
    [["exit", "0"], 0, ""],
    // Rust's exit tells its host success and failure, no number.
    [["exit", "7"], 1, ""],
  ])("with %j ends the app with its own status", (args, status, stdout) => {
    expect(runWhorl(["up", wasmApp("command-rust"), "--", ...args])).toEqual({
      status,
      stdout,
      stderr: "",
    });
  });

  test("that traps ends the app with 1 and says why", () => {
    const { status, stderr } = runWhorl(["up", wasmApp("command-rust"), "--", "trap"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Component "command" failed: wasi:cli\/run@.*#run failed: .*\n {4}at /);
  });

  test("sees the environment it is given and nothing else", () => {
    const { stdout } = runWhorl([
      "up",
      wasmApp("command-rust"),
      ...["--env", "A=1", "--", "environment"],
    ]);
    expect(stdout).toBe("Content-Type: text/plain\n\nA=1\n");
  });
});

describe("what was compiled is kept for the next start", () => {
  test.each(["/proc/nope", "/dev/null/nope", "relative"])("or not: %s", (cache) => {
    const { status, stdout } = runWhorl(["--version"], { HOME: cache, XDG_CACHE_HOME: cache });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("in the user's cache", () => {
    using folder = new TemporaryFolder({});
    expect(runWhorl(["--version"], { XDG_CACHE_HOME: folder.path }).status).toBe(0);
    expect(readdirSync(folder.file("whorl/code"))).toHaveLength(1);
  });
});

describe("WAGI", () => {
  const routes: readonly [route: string, argv: string][] = [
    ["/cgi", "x cgi 201"],
    ["/missing", "x cgi 404 Not"],
    ["/arguments", "${SCRIPT_NAME} arguments ${ARGS}"],
    ["/environment/...", "x environment"],
    ["/users/:name/environment", "x environment"],
    ["/redirect", "x redirect"],
    ["/exit", "x exit 1"],
    ["/trap", "x trap"],
    ["/silent", "x silent"],
    ["/headless", "x headless"],
    ["/stdout", "x"],
  ];
  let folder: TemporaryFolder;
  let whorl: WhorlProcess;

  beforeAll(async () => {
    const triggers = routes.map(
      ([route, argv]) =>
        `[[trigger.http]]\nroute = "${route}"\ncomponent = "program"\n` +
        `executor = { type = "wagi", argv = "${argv}" }\n`,
    );
    const toml =
      'spin_manifest_version = 2\napplication.name = "wagi"\n' +
      `${triggers.join("")}[component.program]\nsource = "${wasmApp("command-rust/command.wasm")}"\n` +
      'environment = { OWN = "value" }\n';
    folder = new TemporaryFolder({ "spin.toml": toml });
    whorl = await WhorlProcess.up(folder.path);
  });

  afterAll(async () => {
    await whorl[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test("gives the body to stdin and takes status, headers and body from stdout", async () => {
    const response = await fetch(`${whorl.url}/cgi`, {
      method: "POST",
      body: "line 1\r\n\r\nline 3",
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(response.headers.get("x-length")).toBe("16");
    expect(await response.text()).toBe("line 1\r\n\r\nline 3");
  });

  test("makes a redirect of a location", async () => {
    const response = await fetch(`${whorl.url}/redirect`, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/elsewhere"]);
  });

  test("tells the request by the environment", async () => {
    const response = await fetch(`${whorl.url}/environment/a%20b/c?x=1&y=2`, {
      method: "DELETE",
      headers: { "x-custom": "yes", authorization: "Bearer secret", "content-type": "text/x" },
    });
    const lines = (await response.text()).split("\n");
    const host = `127.0.0.1:${whorl.port}`;
    expect(lines).toEqual(
      expect.arrayContaining([
        "OWN=value",
        "CONTENT_LENGTH=0",
        "CONTENT_TYPE=text/x",
        "GATEWAY_INTERFACE=CGI/1.1",
        `HTTP_HOST=${host}`,
        "HTTP_X_CUSTOM=yes",
        "PATH_INFO=/a%20b/c",
        "PATH_TRANSLATED=/a b/c",
        "QUERY_STRING=x=1&y=2",
        "REMOTE_ADDR=127.0.0.1",
        "REQUEST_METHOD=DELETE",
        "SCRIPT_NAME=/environment",
        "SERVER_NAME=127.0.0.1",
        `SERVER_PORT=${whorl.port}`,
        `X_FULL_URL=http://${host}/environment/a%20b/c?x=1&y=2`,
        "X_MATCHED_ROUTE=/environment/...",
        "X_RAW_PATH_INFO=/a%20b/c",
      ]),
    );
    expect(lines.filter((line) => line.includes("secret"))).toEqual([]);
  });

  test("passes on what a route has matched", async () => {
    const response = await fetch(`${whorl.url}/users/eve/environment`);
    expect((await response.text()).split("\n")).toContain("X_PATH_MATCH_NAME=eve");
  });

  test("takes arguments from path and query", async () => {
    const response = await fetch(`${whorl.url}/arguments?a=1&b`);
    // What it prints is no CGI response.
    expect(response.status).toBe(500);
    await whorl.output("stderr", /GET \/arguments: .*content-type, status or location/);
  });

  test.each(["/exit", "/trap", "/silent", "/headless", "/stdout"])(
    "%s is a 500 without a word",
    async (path) => {
      const response = await fetch(whorl.url + path);
      expect([response.status, await response.text()]).toEqual([500, ""]);
      await whorl.output("stderr", new RegExp(`GET ${path}: .+`));
    },
  );
});
