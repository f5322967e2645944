import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s lets the requests in flight finish, refuses new ones and exits with 0",
  async (signal) => {
    await using whorl = await WhorlProcess.up(wasmApp("http-rust"));
    const inFlight = fetch(`${whorl.url}/sleep?ms=700`);
    // Answered after the slow one was accepted.
    await (await fetch(whorl.url)).text();
    whorl.signal(signal);
    await whorl.output("stderr", /finishing requests in flight/);
    await expect(fetch(whorl.url, { headers: { connection: "close" } })).rejects.toThrow(
      "fetch failed",
    );
    const response = await inFlight;
    expect([response.status, await response.text()]).toEqual([200, "Slept 700 ms\n"]);
    expect(await whorl.ended()).toBe(0);
  },
);

test("an idle server ends at once although connections are open", async () => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"));
  await (await fetch(whorl.url)).text();
  whorl.signal("SIGTERM");
  expect(await whorl.ended()).toBe(0);
});

test("a second signal does not wait, and still leaves nothing behind", async () => {
  using temporary = new TemporaryFolder({});
  // The folder with this user's sockets stays, without that of this process.
  using sockets = new TemporaryFolder({});
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"), [], {
    TMPDIR: temporary.path,
    XDG_RUNTIME_DIR: sockets.path,
  });
  const socketNames = (): string[] =>
    readdirSync(sockets.path, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".sock"),
    );
  await expect.poll(socketNames).toHaveLength(1);
  expect(readdirSync(temporary.path)).not.toEqual([]);
  const inFlight = fetch(`${whorl.url}/sleep?ms=60000`);
  const outcome = inFlight.then(
    () => "answered",
    () => "cut off",
  );
  await (await fetch(whorl.url)).text();
  whorl.signal("SIGTERM");
  await whorl.output("stderr", /finishing requests in flight/);
  whorl.signal("SIGTERM");
  expect(await whorl.ended()).toBe(130);
  expect(await outcome).toBe("cut off");
  expect(readdirSync(temporary.path)).toEqual([]);
  expect(socketNames()).toEqual([]);
});
