import { guests, namedCases } from "./all-cases.ts";
import type { InterfaceCase } from "./interface-case.ts";
import { unansweredErrors } from "./unanswered-errors.ts";
import { witFunctions } from "./wit-functions.ts";

/** docs/parity.md: what the tests show, function by function, and which function none shows. */
export function parityTable(): string {
  const cases = Map.groupBy(
    namedCases,
    ({ interfaceName, functionName }) => `${interfaceName} ${functionName}`,
  );
  const functions = witFunctions(guests);
  const interfaces = [...new Set(functions.map(({ interfaceName }) => interfaceName))].sort();
  const missing = functions.filter(
    ({ interfaceName, functionName }) => !cases.has(`${interfaceName} ${functionName}`),
  );
  const sections = interfaces.map((name) =>
    section(
      name,
      functions
        .filter(({ interfaceName }) => interfaceName === name)
        .map((each) => each.functionName),
      cases,
    ),
  );
  const list = missing.map((each) => `- \`${each.interfaceName}\`: \`${each.functionName}\``);
  return [
    heading,
    ...sections,
    "## Functions without a test\n",
    list.length === 0 ? "None.\n" : `${list.join("\n")}\n`,
    errorTable(),
    elsewhere,
  ].join("\n");
}

const heading = `# Parity with Spin

Written by \`test/spin/interfaces/write-parity.ts\` from the cases of \`test/spin/interfaces.test.ts\`;
\`test/spin/parity.test.ts\` fails when it is out of date. Each case is a call of a real component
(\`wasm-apps/spin1-rust\` to \`spin4-rust\`, \`spin4sql-rust\`, \`spin4pg-rust\`, \`otel-rust\`) in an app
that \`whorl up\` serves, against real servers: Redis, MariaDB, PostgreSQL, Mosquitto, SQLite. Where
it says "dependency that may not", another component depends on it and lets it inherit nothing.
`;

const elsewhere = `## What other tests show

| what | test |
| --- | --- |
| triggers: redis, mqtt, sqs, cron, http of Spin 1 | \`test/spin/event-triggers.test.ts\` |
| apps in TypeScript, Python and Rust with the SDKs | \`test/spin/apps.test.ts\` |
| wasi:http, wasi:cli, files, sockets | \`test/integration/\` |
| wasi:otel: where it goes, and what it is joined to | \`test/telemetry/guest-otel.test.ts\` |
| values at their limits, lost connections, restarts, pools | \`runtime/spin/**/*.real.test.ts\` |
| a label that is allowed but configured nowhere: the app does not start | \`runtime/app/app-stores.test.ts\` |
`;

/** Errors of the interfaces that no case shows, those with the same reason together. */
function errorTable(): string {
  const rows = [
    ...Map.groupBy(unansweredErrors(), (each) => `\`${each.errorCase}\` | ${each.reason ?? "?"}`),
  ].map(([what, all]) => {
    const [errorCase, reason] = what.split(" | ");
    const names = all.map(({ interfaceName }) => `\`${interfaceName}\``);
    return `| ${errorCase} | ${names.join(", ")} | ${reason} |`;
  });
  return `## Errors that nothing answers

| error | of | why |
| --- | --- | --- |
${rows.join("\n")}
`;
}

function section(
  name: string,
  functionNames: readonly string[],
  cases: ReadonlyMap<string, readonly InterfaceCase[]>,
): string {
  const rows = functionNames.map((each) => {
    const shown = cases.get(`${name} ${each}`) ?? [];
    const works = shown.filter(isSuccess).map(({ about }) => about);
    const errors = shown.filter((one) => !isSuccess(one)).map(({ about }) => about);
    return `| \`${each}\` | ${list(works)} | ${list(errors)} |`;
  });
  return `## ${name}\n\n| function | works | errors |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function isSuccess({ expected }: InterfaceCase): boolean {
  return typeof expected === "object" && expected !== null && "Ok" in expected;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "-" : [...new Set(names)].join("; ");
}
