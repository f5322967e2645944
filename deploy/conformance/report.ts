import type { Outcome } from "./check.ts";
import { sheet } from "./sheet.ts";
import type { SheetItem, SheetItemId } from "./sheet.ts";

export type CheckResult = Outcome & {
  readonly name: string;
  readonly item: SheetItemId;
  readonly claim: string;
  readonly seconds: number;
};

/** Where it was tried, and when. */
export interface Circumstances {
  /** Time of ISO 8601. */
  readonly at: string;
  readonly kubernetes: string;
  readonly nodes: readonly string[];
  readonly image: string;
  readonly executor: string;
}

/** Of a requirement; in part: nothing has failed, and something could not be tried. */
export type ItemStatus = Outcome["status"] | "passed in part";

export interface ItemReport extends SheetItem {
  readonly id: SheetItemId;
  readonly status: ItemStatus;
  readonly checks: readonly CheckResult[];
}

export interface ConformanceReport extends Circumstances {
  readonly checklist: string;
  readonly counts: Readonly<Record<Outcome["status"], number>>;
  readonly items: readonly ItemReport[];
}

/** Results by the items of the checklist. An item has failed if any check of it has. */
export function conformanceReport(
  circumstances: Circumstances,
  results: readonly CheckResult[],
): ConformanceReport {
  const counts = { passed: 0, failed: 0, "not applicable": 0 };
  for (const { status } of results) counts[status]++;
  const items = Object.entries(sheet).map(([key, item]): ItemReport => {
    const id = key as SheetItemId;
    const checks = results.filter((result) => result.item === id);
    return { id, ...item, status: together(checks), checks };
  });
  return { ...circumstances, checklist: "Kubernetes AI Conformance v1.36", counts, items };
}

function together(checks: readonly CheckResult[]): ItemStatus {
  const has = (wanted: Outcome["status"]): boolean =>
    checks.some(({ status }) => status === wanted);
  if (has("failed")) return "failed";
  if (!has("passed")) return "not applicable";
  return has("not applicable") ? "passed in part" : "passed";
}

/** The report for people. */
export function reportMarkdown(report: ConformanceReport): string {
  const { at, kubernetes, nodes, image, executor, counts, items } = report;
  const said = `${counts.passed} passed, ${counts.failed} failed, ${counts["not applicable"]} not applicable`;
  const head = [
    `# ${report.checklist}: evidence for Whorl`,
    "",
    `${at}, Kubernetes ${kubernetes}, executor ${executor}, image ${cell(image)}. Checks: ${said}.`,
    "",
    ...nodes.map((node) => `- ${cell(node)}`),
    "",
    "| requirement | level | what it is about | result |",
    "| --- | --- | --- | --- |",
    ...items.map((item) => `| ${item.id} | ${item.level} | ${item.about} | ${item.status} |`),
    "",
  ];
  return `${[...head, ...items.flatMap((item) => itemLines(item))].join("\n").trimEnd()}\n`;
}

function itemLines({ id, level, untouched, checks }: ItemReport): string[] {
  const lines = [`## ${id} (${level})`, ""];
  if (untouched !== undefined) lines.push(untouched, "");
  for (const check of checks) {
    lines.push(`### ${check.name}: ${check.status} (${check.seconds} s)`, "", check.claim, "");
    lines.push(...check.evidence.map((line) => `- ${cell(line)}`));
    if (check.status !== "passed") lines.push(`- What to do: ${cell(check.remedy)}`);
    lines.push("");
  }
  return lines;
}

/** Text from the cluster in one line, without anything that Markdown or a terminal would act on. */
function cell(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ")
    .replaceAll(/[\\`*|<>[\]]/g, String.raw`\$&`)
    .trim();
}
