// Finds Node 26 and replaces this process by it as far as the running Node allows. Plain
// JavaScript without newer syntax: it has to start on every Node from 18 on.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const versionMin = 26;
const require = createRequire(import.meta.url);

/** Path of a Node binary of at least version 26: this one, or the one that came with npm. */
export function projectNode() {
  if (Number.parseInt(process.versions.node, 10) >= versionMin) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const file = join(dirname(require.resolve(`${name}/package.json`)), "bin", "node");
    if (existsSync(file)) return file;
  } catch {
    // Not installed: the message below says what to do.
  }
  process.stderr.write(
    `whorl: Node ${process.versions.node} is too old and the package ${name} is not installed.\n` +
      `Run "npm install" with optional packages allowed, or install Node ${versionMin} or newer.\n`,
  );
  process.exit(1);
}

/** Runs Node 26 with these arguments; signals are passed on, the exit status becomes ours. */
export function runWithProjectNode(args) {
  const node = projectNode();
  // One process instead of two where the running Node can do it (from 22.15 on).
  if (typeof process.execve === "function" && process.platform === "linux") {
    process.execve(node, [node, ...args], process.env);
  }
  const child = spawn(node, args, { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`whorl: cannot run ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
