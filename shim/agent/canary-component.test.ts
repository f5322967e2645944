import { readFileSync } from "node:fs";
import { parse } from "@bytecodealliance/jco";
import { expect, test } from "vitest";
import { canaryAnswer, canaryComponent } from "./canary-component.ts";

const source = readFileSync(new URL("canary.wat", import.meta.url), "utf8");

test("the built-in component is what its source gives", async () => {
  expect(Buffer.from(await parse(source)).equals(canaryComponent())).toBe(true);
});

test("its answer is the one that is waited for", () => {
  expect(source).toContain(`"${canaryAnswer}\\n"`);
});
