import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AppKind } from "./app-kinds.ts";
import { findContestants } from "./contestants.ts";
import type { Contestant } from "./contestants.ts";
import type { Report } from "./report.ts";
import { shown } from "./report.ts";
import { Served } from "./served.ts";
import { summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

const rounds = 7;
/** A server that compiles this long has said what it has to say after a few rounds. */
const slowStartMs = 5_000;
const slowRounds = 3;
const workerdFile = fileURLToPath(
  new URL("../../.cache/workerd/node_modules/.bin/workerd", import.meta.url),
);
const workerdRemedy = "npm install --prefix .cache/workerd workerd";

const workerdWorker = `export default {
  fetch() {
    return new Response("Hello from workerd\\n");
  },
};
`;

function workerdConfig(port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .hello)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const hello :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2025-01-01",
);
`;
}

/** workerd with a worker in JavaScript that says hello; it runs no components. */
function workerd(folder: string): Contestant {
  writeFileSync(join(folder, "worker.js"), workerdWorker);
  return {
    name: "workerd serve",
    version: "",
    command(_component, port) {
      const config = join(folder, `config-${port}.capnp`);
      writeFileSync(config, workerdConfig(port));
      return [workerdFile, "serve", config];
    },
  };
}

export interface FreshStart {
  readonly server: string;
  readonly app: string;
  readonly ms: Summary;
}

/** Servers of others that are started for one request: from the start of the process to the answer. */
export async function freshStarts(
  report: Report,
  kinds: readonly AppKind[],
  core: string,
): Promise<FreshStart[]> {
  const folder = mkdtempSync(join(tmpdir(), "whorl-rivals-"));
  try {
    const results: FreshStart[] = [];
    const add = async (contestant: Contestant, kind: AppKind): Promise<void> => {
      try {
        results.push(await measure(contestant, kind, core));
      } catch (error) {
        // What was measured before is worth more than this one.
        report.line(
          `${contestant.name} started for the request, ${kind.name}`,
          "does not serve it",
        );
        console.log(String(error));
      }
    };
    for (const found of findContestants(folder)) {
      if (found.name !== "wasmtime serve") continue;
      if ("remedy" in found) console.log(`Without ${found.name}; to have it: ${found.remedy}`);
      else for (const kind of kinds) await add(found, kind);
    }
    if (existsSync(workerdFile)) {
      await add(workerd(folder), { name: "javascript", file: "" });
    } else {
      console.log(`Without workerd; to have it: ${workerdRemedy}`);
    }
    for (const { server, app, ms } of results) {
      const text = `p50 ${shown(ms.p50)} ms (p10 ${shown(ms.p10)}, max ${shown(ms.max)})`;
      report.line(`${server} started for the request, ${app}`, text);
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(contestant: Contestant, kind: AppKind, core: string): Promise<FreshStart> {
  const times: number[] = [];
  for (let round = 0; round < ((times[0] ?? 0) > slowStartMs ? slowRounds : rounds); round++) {
    await using served = await Served.start(contestant, kind.file, Number(core));
    times.push(served.startMs);
  }
  return { server: contestant.name, app: kind.name, ms: summary(times) };
}
