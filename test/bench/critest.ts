/**
 * Kubernetes' tests of container runtimes, once with runc and once with our shim as the default
 * handler of the same containerd: `npm run critest`, or `npm run critest -- 'PATTERN'` for the specs
 * whose names match. Ends with 1 if a spec passes with runc and not with us. Needs what the tier
 * `node` needs; leaves nothing behind.
 */
import { TestContainerd } from "../servers/containerd.ts";
import { runCritest, type SpecOutcome } from "../servers/critest.ts";
import { testImages } from "../servers/test-images.ts";

const [focus] = process.argv.slice(2);
const handlers = ["runc", "whorl"] as const;

const outcomes: (readonly SpecOutcome[])[] = [];
for (const handler of handlers) outcomes.push(await outcomesOf(handler));
const [reference = [], ours = []] = outcomes;

console.table(Object.fromEntries(handlers.map((name, index) => [name, counts(outcomes[index])])));
const byName = new Map(ours.map((outcome) => [outcome.name, outcome]));
const lost = reference.filter(
  ({ name, state }) => state === "passed" && byName.get(name)?.state !== "passed",
);
for (const { name } of lost) {
  console.log(`passes with runc only: ${name}\n  ${byName.get(name)?.message ?? "was not run"}`);
}
const passed = new Set(reference.filter(({ state }) => state === "passed").map(({ name }) => name));
for (const { name, state } of ours) {
  if (state === "passed" && !passed.has(name)) console.log(`passes with whorl only: ${name}`);
}
console.log(`${passed.size} specs pass with runc, ${passed.size - lost.length} of them with whorl`);
process.exitCode = lost.length === 0 && passed.size > 0 ? 0 : 1;

async function outcomesOf(handler: string): Promise<readonly SpecOutcome[]> {
  await using containerd = await TestContainerd.start({
    release: "2.4",
    isolation: "namespace",
    defaultHandler: handler,
  });
  const [pause] = testImages();
  if (pause !== undefined) await containerd.importImage(pause);
  // Awaited here: containerd is needed until then.
  return await runCritest(containerd, handler, focus);
}

function counts(specs: readonly SpecOutcome[] = []): Record<string, number> {
  const count = (state: SpecOutcome["state"]): number =>
    specs.filter((spec) => spec.state === state).length;
  const seconds = Math.round(specs.reduce((sum, spec) => sum + spec.seconds, 0));
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped"), seconds };
}
