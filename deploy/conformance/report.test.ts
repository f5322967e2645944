import { expect, test } from "vitest";
import { failed, notApplicable, passed } from "./check.ts";
import type { Outcome } from "./check.ts";
import { conformanceReport, reportMarkdown } from "./report.ts";
import type { CheckResult, ItemStatus } from "./report.ts";
import { allChecks } from "./run-checks.ts";
import { sheet } from "./sheet.ts";
import type { SheetItemId } from "./sheet.ts";

const circumstances = {
  at: "2026-01-02T03:04:05Z",
  kubernetes: "v1.36.0",
  nodes: ["n1: linux/amd64, containerd://2.4.2"],
  image: "registry.example/hello:1",
  executor: "containerd-shim-spin",
};

function result(outcome: Outcome, item: SheetItemId = "operator/robust_controller"): CheckResult {
  return { name: "a check", item, claim: "It holds.", seconds: 1.5, ...outcome };
}

const good = passed("It is so.");
const bad = failed("It is not so.", "Make it so.");
const none = notApplicable("Nothing is here.", "Install it.");

test.each<[string, readonly Outcome[], ItemStatus]>([
  ["nothing but passes", [good, good], "passed"],
  ["one failure", [good, bad, none], "failed"],
  ["what the cluster lacks beside what passes", [none, good], "passed in part"],
  ["nothing that could be tried", [none], "not applicable"],
  ["no checks", [], "not applicable"],
])("an item with %s", (_name, outcomes, status) => {
  const report = conformanceReport(
    circumstances,
    outcomes.map((outcome) => result(outcome)),
  );
  expect(report.items.find(({ id }) => id === "operator/robust_controller")?.status).toBe(status);
});

test("every requirement has checks, or a reason why it has none", () => {
  const checked = new Set<string>(allChecks.map(({ item }) => item));
  for (const [id, item] of Object.entries(sheet)) {
    expect([id, "untouched" in item]).toEqual([id, !checked.has(id)]);
  }
});

test("the report for people says what was found and what to do", () => {
  const results = [result(good), result(none, "networking/ai_inference")];
  const text = reportMarkdown(conformanceReport(circumstances, results));
  expect(text).toContain("Checks: 1 passed, 0 failed, 1 not applicable.");
  expect(text).toContain("| operator/robust_controller | MUST |");
  expect(text).toMatch(/### a check: passed \(1\.5 s\)\n\nIt holds\.\n\n- It is so\.\n/);
  expect(text).toMatch(/- Nothing is here\.\n- What to do: Install it\.\n/);
  expect(text).toContain("## accelerators/gpu_sharing (SHOULD)\n\nWhorl serves no devices");
});

test("what the cluster says stays one line of text", () => {
  const text = reportMarkdown(
    conformanceReport(circumstances, [result(failed("a\n# b\u001b[2J | <script>`x`", "c"))]),
  );
  expect(text).toContain("- a # b \\[2J \\| \\<script\\>\\`x\\`\n");
});
