import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { wasmApp } from "../whorl-process.ts";
import { Served } from "./zz-e5-served.ts";
import { runWrk } from "./wrk.ts";
import { fileURLToPath } from "node:url";
import { readFileSync, readdirSync, mkdtempSync } from "node:fs";
const root = process.env["ROOT"] ?? fileURLToPath(new URL("../../", import.meta.url));
const roots: Record<string, string> = {
  main: root,
  base: "/work/tmp/e5/base",
  pipe: "/work/tmp/e5/pipe",
};
const nodeServer = fileURLToPath(new URL("node-spin-server.ts", import.meta.url));
await using pg = await startPostgres();
await using redis = await startRedis();
function fields(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
}
/** [minflt, user, sys] */
function stat(pid: number): number[] {
  const f = fields(pid);
  return [Number(f[7]), Number(f[11]), Number(f[12])];
}
function named(pattern: RegExp): number {
  let ticks = 0;
  for (const p of readdirSync("/proc")) {
    if (!/^\d+$/.test(p)) continue;
    try {
      const cmd = readFileSync(`/proc/${p}/cmdline`, "utf8");
      if (!pattern.test(cmd)) continue;
      const s = stat(Number(p));
      ticks += (s[1] ?? 0) + (s[2] ?? 0);
    } catch {}
  }
  return ticks;
}
const flags = (process.env["FLAGS"] ?? "").split(" ").filter((x) => x);
const routes = (process.env["ROUTES"] ?? "redis postgres").split(" ");
const which = (process.argv[2] ?? "whorl,node").split(",");
const dir = mkdtempSync("/tmp/zz-e5-");
const seconds = Number(process.env["S"] ?? 3);
const cmd = (w: string) => (app: string, port: number) =>
  roots[w] !== undefined
    ? [
        process.execPath,
        ...flags,
        "--experimental-ffi",
        "--disable-warning=ExperimentalWarning",
        roots[w] + "/cli/main.ts",
        "up",
        app,
        "--quiet",
        "--listen",
        `127.0.0.1:${port}`,
        "--variable",
        `redis_address=${redis.url}`,
        "--variable",
        `database_address=${pg.url}`,
        "--state-dir",
        dir + w,
      ]
    : [
        process.execPath,
        ...flags,
        nodeServer,
        String(port),
        `${dir}/plain${port}.db`,
        redis.url,
        pg.url,
      ];
await using stack = new AsyncDisposableStack();
const served = [];
for (const w of which)
  served.push({
    w,
    s: stack.use(
      await Served.start(
        { name: w, version: "", command: cmd(w) },
        process.env["APP"] ?? wasmApp("figures-rust"),
        0,
      ),
    ),
  });
for (const r of routes)
  for (let i = 0; i < Number(process.env["N"] ?? 3); i++)
    for (const { w, s } of served) {
      const db = r.startsWith("postgres")
        ? new RegExp(`^postgres: tester postgres`)
        : r.startsWith("redis")
          ? new RegExp(`redis-server 127.0.0.1:${redis.port}`)
          : /^$/;
      const a = stat(s.pid),
        d = named(db);
      const x = runWrk(`${s.url}${r}`, {
        connections: Number(process.env["C"] ?? 32),
        seconds,
        core: 1,
      });
      const b = stat(s.pid),
        e = named(db);
      const n = x.requestsPerSecond * seconds;
      const us = (t: number) => ((t * 1e4) / n).toFixed(1).padStart(6);
      console.log(
        w.padEnd(6),
        r.padEnd(10),
        "round",
        i,
        `${x.requestsPerSecond.toFixed(0).padStart(6)}/s p99 ${x.p99Us}us err ${x.errors} | user ${us((b[1] ?? 0) - (a[1] ?? 0))} sys ${us((b[2] ?? 0) - (a[2] ?? 0))} sum ${us((b[1] ?? 0) - (a[1] ?? 0) + (b[2] ?? 0) - (a[2] ?? 0))} minflt ${(((b[0] ?? 0) - (a[0] ?? 0)) / n).toFixed(2)} | server ${us(e - d)}`,
      );
    }
