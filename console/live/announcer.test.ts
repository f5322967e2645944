import { expect, test } from "vitest";
import { Announcer } from "./announcer.ts";

test("says the newest thing, at most once in five seconds", () => {
  let now = 0;
  const said: string[] = [];
  const announcer = new Announcer(
    (text) => said.push(`${now} ${text}`),
    () => now,
  );
  announcer.announce("a");
  now = 1000;
  announcer.announce("b");
  announcer.announce("c");
  now = 4999;
  announcer.tick();
  now = 5000;
  announcer.tick();
  now = 20_000;
  announcer.tick();
  announcer.announce("d");
  expect(said).toEqual(["0 a", "5000 c", "20000 d"]);
});
