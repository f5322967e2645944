import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContainerd } from "./containerd.ts";
import { goTool } from "./go-tool.ts";
import { busyboxEntries } from "./test-images.ts";

const version = "v1.34.0";
const module = "sigs.k8s.io/cri-tools";
const images = { busybox: "localhost/critest-busybox:1", web: "localhost/critest-web:1" } as const;

/** What became of one spec. */
export interface SpecOutcome {
  /** Whole sentence: what it belongs to and what it says. */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** Why it failed, empty otherwise. */
  readonly message: string;
}

/** Path of Kubernetes' tests of container runtimes; builds them the first time (a minute). */
function critestProgram(): string {
  const name = `${module}/cmd/critest`;
  return goTool({
    name: "critest",
    package: name,
    version,
    isTest: true,
    goMod: `module tools\n\ngo 1.26\n\ntool ${name}\n\nrequire ${module} ${version}\n`,
    environment: { GONOSUMDB: "sigs.k8s.io/*,k8s.io/*" },
  });
}

/**
 * Runs the specs that need no image from anywhere else, and no benchmark.
 * @param focus regular expression of the names of those to run; all if absent
 */
export async function runCritest(
  containerd: TestContainerd,
  handler: string,
  focus?: string,
): Promise<readonly SpecOutcome[]> {
  await importImages(containerd);
  const { folder, socket } = containerd;
  const imagesFile = join(folder, "critest-images.yaml");
  writeFileSync(
    imagesFile,
    `defaultTestContainerImage: ${images.busybox}\nwebServerTestImage: ${images.web}\n`,
  );
  const report = join(folder, `critest-${handler}.json`);
  const endpoint = `unix://${socket}`;
  const args = ["-runtime-endpoint", endpoint, "-image-endpoint", endpoint];
  args.push("-runtime-handler", handler, "-test-images-file", imagesFile);
  args.push("-ginkgo.no-color", "-ginkgo.skip", "benchmark|Image Manager");
  args.push("-ginkgo.json-report", report, "-ginkgo.timeout", "30m");
  if (focus !== undefined) args.push("-ginkgo.focus", focus);
  const child = spawn(critestProgram(), args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.resume();
  // A failed spec is one of the outcomes.
  await once(child, "close");
  return parseReport(readFileSync(report, "utf8"));
}

async function importImages(containerd: TestContainerd): Promise<void> {
  const busybox = busyboxEntries();
  const page = { path: "www/index.html", content: "hello\n" };
  await containerd.importImage({ name: images.busybox, entries: busybox, command: ["sh"] });
  await containerd.importImage({
    name: images.web,
    entries: [...busybox, page],
    entrypoint: ["/bin/httpd", "-f", "-p", "80", "-h", "/www"],
  });
}

interface GinkgoSpec {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  readonly RunTime: number;
  readonly Failure?: { readonly Message: string };
}

/** Of a report as Ginkgo writes it. */
function parseReport(text: string): readonly SpecOutcome[] {
  const suites = JSON.parse(text) as readonly { readonly SpecReports: readonly GinkgoSpec[] }[];
  return suites
    .flatMap(({ SpecReports }) => SpecReports)
    .filter(({ LeafNodeType }) => LeafNodeType === "It")
    .map((spec) => ({
      name: [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(" "),
      state: stateOf(spec.State),
      seconds: spec.RunTime / 1e9,
      message: spec.Failure?.Message ?? "",
    }));
}

/** It has more words for failing. */
function stateOf(state: string): SpecOutcome["state"] {
  if (state === "passed") return "passed";
  return state === "skipped" || state === "pending" ? "skipped" : "failed";
}
