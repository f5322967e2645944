import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { webhookFiles, webhookFolder } from "./generate-webhooks.ts";

test("deploy/webhooks is what the code makes: run node operator/admission/generate-webhooks.ts", () => {
  const files = webhookFiles();
  expect(readdirSync(webhookFolder).toSorted()).toEqual(Object.keys(files).toSorted());
  for (const [name, text] of Object.entries(files)) {
    expect(readFileSync(webhookFolder + name, "utf8")).toBe(text);
  }
});
