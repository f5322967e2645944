import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { KubeConfig } from "@kubernetes/client-node";
import pino from "pino";
import project from "../package.json" with { type: "json" };
import { OperatorError, errorText } from "./error.ts";
import { surviveRejections } from "./kube/run-controllers.ts";
import { parseOperatorOptions } from "./reconcile/operator-options.ts";
import { runOperator } from "./reconcile/run-operator.ts";

const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const podNamespace = existsSync(namespaceFile)
  ? readFileSync(namespaceFile, "utf8").trim()
  : undefined;

const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());

try {
  const options = parseOperatorOptions(process.argv.slice(2), { podNamespace });
  const log = pino({ level: options.logLevel, base: null });
  using _ = surviveRejections(process, (reason) =>
    log.error({ error: errorText(reason) }, "a promise was rejected and nobody cared"),
  );
  const config = new KubeConfig();
  if (options.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(options.kubeconfig);
  const identity = `${hostname()}_${randomBytes(8).toString("hex")}`;
  const { version } = project;
  const ended = await runOperator({ options, config, log, version, identity, signal: stop.signal });
  if (ended === "lost") log.warn({}, "another replica leads");
  process.exitCode = ended === "lost" ? 1 : 0;
} catch (error) {
  const isUsage = error instanceof OperatorError && error.code === "usage";
  process.stderr.write(`operator: ${errorText(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
