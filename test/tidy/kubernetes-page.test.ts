import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kubernetesPage, writtenPage } from "../cluster/kubernetes-page.ts";
import { provenRows } from "../cluster/proven-rows.ts";

/** The page is formatted like every other: blanks and dashes that align a table count nothing. */
function squeezed(text: string): string {
  return text.replaceAll(/\s+|-{3,}/gu, " ").trim();
}

test("docs/kubernetes.md has the rows that tests of the cluster declare", () => {
  const page = readFileSync(kubernetesPage, "utf8");
  const remedy = "run node bin/node.js test/cluster/write-kubernetes-page.ts";
  expect(squeezed(page), remedy).toBe(squeezed(writtenPage(page)));
});

test("a page without a place for the rows is refused", () => {
  expect(() => writtenPage("# Nothing")).toThrow("lacks <!-- written: rows -->");
});

const file = (text: string): { name: string; text: string }[] => [{ name: "a.test.ts", text }];

test("rows are put together from all tests that name them", () => {
  const text = `/** @proves Job | ends */
    test("one", () => {});
    /**
     * Something else.
     * @proves Job
     * @proves Pod | is
     *   so
     */
    test.each(["a", (b)])(
      "two (%s)", async () => {});`;
  expect(provenRows(file(text))).toEqual([
    {
      what: "Job",
      how: "ends",
      tests: [
        { file: "a", title: "one" },
        { file: "a", title: "two (%s)" },
      ],
    },
    { what: "Pod", how: "is so", tests: [{ file: "a", title: "two (%s)" }] },
  ]);
});

test.each([
  ["no test", "/** @proves Job | ends */\nfunction f() {}", "1 of 1 @proves stand above no test"],
  ["a test that is skipped", '/** @proves Job | ends */\ntest.skip("one", f);', "above no test"],
  ["a title that is computed", "/** @proves Job | ends */\ntest(title, f);", "above no test"],
  ["a line comment", '// @proves Job | ends\ntest("one", f);', "above no test"],
  ["nobody who says how", '/** @proves Job */\ntest("one", f);', '"Job": 0 tests say how it is'],
  [
    "two who say how",
    '/** @proves Job | b */\ntest("a", f);\n/** @proves Job | c */\ntest("b", f);',
    '"Job": 2 tests say',
  ],
])("refused: %s", (_name, text, message) => {
  expect(() => provenRows(file(text))).toThrow(message);
});
