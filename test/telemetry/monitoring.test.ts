/** The dashboard and the alert rules of deploy/monitoring, against what the runtime really exposes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { OperatorMetrics } from "../../operator/kube/metrics.ts";
import { startAdminServer } from "../../runtime/telemetry/admin/admin-server.ts";
import { prometheusExposition } from "../../runtime/telemetry/metrics/prometheus-text.ts";
import { RuntimeMetrics } from "../../runtime/telemetry/metrics/runtime-metrics.ts";
import { openTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import { program } from "../servers/debian-package.ts";
import { prometheusObstacle, startPrometheus } from "../servers/prometheus.ts";

const obstacle = prometheusObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

function deployed(name: string): string {
  return fileURLToPath(new URL(`../../deploy/monitoring/${name}`, import.meta.url));
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly gridPos: {
      readonly x: number;
      readonly y: number;
      readonly w: number;
      readonly h: number;
    };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

const dashboard = JSON.parse(readFileSync(deployed("grafana-dashboard.json"), "utf8")) as Dashboard;
const ruleFile = deployed("alert-rules.yaml");
const rules = (parse(readFileSync(ruleFile, "utf8")) as Rules).groups.flatMap(
  (group) => group.rules,
);

/** Expressions with everything that Grafana fills in. */
const panelExpressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }): [string, string] => [
    title,
    expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(?:app|component)/g, ".*"),
  ]),
);
const expressions: [string, string][] = [
  ...panelExpressions,
  ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
];

function metricNames(expression: string): string[] {
  const families =
    /\b(?:whorl|process|nodejs|spin|controller_runtime|workqueue|leader_election)_\w+/g;
  return [...expression.matchAll(families)].map(([name]) => name);
}

const metrics = new RuntimeMetrics();
const exposed = await prometheusExposition({
  families: metrics.all(),
  collect: () => undefined,
}).text();
const operator = new OperatorMetrics();
const operatorQueue = operator.queue("spinapp");
const operatorLeader = operator.leader("90ba2d18.spinkube.dev");
const operatorController = operator.reconcile("spinapp");
operatorQueue.added(0);
operatorQueue.taken(0, 0.1);
operatorLeader.leading(true);
operatorController.reconciled("success", 0.1);
operatorController.reconciled("error", 0.1);
const exposedByOperator = await operator.registry.metrics();
const types = new Map(
  [...(exposed + exposedByOperator).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
    name,
    type,
  ]),
);

/** Of the series of the operator that an expression names. */
function labelsOfOperator(expression: string): string[] {
  return metricNames(expression).flatMap((name) => {
    const sample = new RegExp(`^${name}\\{(.*)\\}`, "m").exec(exposedByOperator)?.[1] ?? "";
    return [...sample.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
  });
}

describe("names", () => {
  test.each(expressions)("%s: every series exists", (_, expression) => {
    const names = metricNames(expression);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const base = name.replace(/_(?:bucket|sum|count)$/, "");
      const type = types.get(name) ?? types.get(base);
      expect(type, name).toBeDefined();
      if (type === "histogram") expect(name).toMatch(/_(?:bucket|sum|count)$/);
      if (type === "counter") expect(expression).toMatch(new RegExp(`(?:rate|increase)\\(${name}`));
    }
  });

  test.each(expressions)("%s: every label is one of its series", (_, expression) => {
    const families = metrics.all().filter(({ definition }) => expression.includes(definition.name));
    const known = new Set([
      "le",
      "instance",
      ...labelsOfOperator(expression),
      ...families.flatMap(({ definition }) => definition.labels),
    ]);
    const used = [
      ...[...expression.matchAll(/(\w+)\s*=~?\s*"/g)].map(([, label]) => label ?? ""),
      ...[...expression.matchAll(/(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
        list.split(",").map((label) => label.trim()),
      ),
    ].filter((label) => label !== "");
    for (const label of used) expect(known, label).toContain(label);
  });

  test("every metric of an app is on the dashboard", () => {
    const names = panelExpressions.flatMap(([, expression]) => metricNames(expression));
    const shown = new Set([...names, ...names.map((name) => name.replace(/_bucket$/, ""))]);
    const missing = metrics
      .all()
      .map(({ definition }) => definition.name)
      .filter((name) => !shown.has(name));
    // They count what others do: the names are Spin's, and who looks for resets.
    expect(missing).toEqual(["spin_request_count_total", "whorl_instance_resets_total"]);
  });
});

describe("the dashboard", () => {
  test("panels have different numbers and do not overlap", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});

/** A minute each, with values as promtool writes series: `0+10x20` begins at 0 and grows by 10. */
const alerts: readonly [alert: string, series: Record<string, string>, atMinutes: number][] = [
  [
    "WhorlRequestsFail",
    {
      'whorl_requests_total{app="a",component="c"}': "0+600x30",
      'whorl_request_errors_total{app="a",component="c",error="trap"}': "0+60x30",
    },
    20,
  ],
  [
    "WhorlRequestsSlow",
    {
      'whorl_request_duration_seconds_bucket{app="a",component="c",le="1"}': "0+90x30",
      'whorl_request_duration_seconds_bucket{app="a",component="c",le="5"}': "0+100x30",
      'whorl_request_duration_seconds_bucket{app="a",component="c",le="+Inf"}': "0+100x30",
    },
    25,
  ],
  [
    "WhorlGuestMemoryNearLimit",
    {
      'whorl_guest_memory_bytes{app="a",component="c"}': "95x30",
      'whorl_guest_memory_limit_bytes{app="a",component="c"}': "100x30",
    },
    20,
  ],
  [
    "WhorlLimitsReached",
    { 'whorl_limit_hits_total{app="a",component="c",limit="memory"}': "0+5x30" },
    20,
  ],
  [
    "WhorlColdStartsSlow",
    {
      'whorl_instance_take_seconds_bucket{app="a",component="c",start="cold",le="0.01"}': "0+1x40",
      'whorl_instance_take_seconds_bucket{app="a",component="c",start="cold",le="0.1"}': "0+100x40",
      'whorl_instance_take_seconds_bucket{app="a",component="c",start="cold",le="+Inf"}':
        "0+100x40",
    },
    30,
  ],
  [
    "WhorlTriggerLags",
    {
      'whorl_trigger_lag_seconds_bucket{app="a",component="c",trigger="sqs",le="30"}': "0+10x40",
      'whorl_trigger_lag_seconds_bucket{app="a",component="c",trigger="sqs",le="60"}': "0+100x40",
      'whorl_trigger_lag_seconds_bucket{app="a",component="c",trigger="sqs",le="+Inf"}': "0+100x40",
    },
    30,
  ],
  [
    "WhorlEventsLost",
    { 'whorl_trigger_events_dropped_total{app="a",component="c",trigger="redis"}': "0+1x30" },
    10,
  ],
  [
    "WhorlOperatorReconcilesFail",
    { 'controller_runtime_reconcile_errors_total{controller="spinapp"}': "0+60x40" },
    30,
  ],
  [
    "WhorlOperatorWorkWaits",
    {
      'workqueue_queue_duration_seconds_bucket{name="spinapp",controller="spinapp",le="10"}':
        "0+1x40",
      'workqueue_queue_duration_seconds_bucket{name="spinapp",controller="spinapp",le="100"}':
        "0+100x40",
      'workqueue_queue_duration_seconds_bucket{name="spinapp",controller="spinapp",le="+Inf"}':
        "0+100x40",
    },
    30,
  ],
  [
    "WhorlOperatorWithoutLeader",
    { 'leader_election_master_status{name="90ba2d18.spinkube.dev",instance="a"}': "0x40" },
    10,
  ],
  ["WhorlLinesDropped", { 'whorl_guest_lines_dropped_total{app="a",component="c"}': "0+9x40" }, 30],
  [
    "WhorlTelemetryLost",
    { 'whorl_telemetry_dropped_total{instance="i",signal="spans",reason="refused"}': "0+9x40" },
    30,
  ],
];

function promtool(args: readonly string[]): {
  readonly status: number | null;
  readonly output: string;
} {
  const { status, stdout, stderr } = spawnSync(program("promtool"), args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** Evaluates the rules over series, and says which alerts fire. */
function fires(alert: string, series: Record<string, string>, atMinutes: number): boolean {
  const folder = mkdtempSync(join(tmpdir(), "rules-"));
  const file = join(folder, "test.json");
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  // A test that expects no alert passes where none fires.
  const alert_rule_test = [{ eval_time: `${atMinutes}m`, alertname: alert, exp_alerts: [] }];
  writeFileSync(
    file,
    JSON.stringify({
      rule_files: [ruleFile],
      tests: [{ interval: "1m", input_series, alert_rule_test }],
    }),
  );
  const { status, output } = promtool(["test", "rules", file]);
  rmSync(folder, { recursive: true });
  if (status !== 0 && !output.includes("exp:[")) throw new Error(output);
  return status !== 0;
}

/** Of a series of which nobody has to be told. */
function quietValues(name: string): string {
  if (name.includes("limit_bytes")) return "100x60";
  return name.includes("master_status") ? "1x60" : "0x60";
}

describe("the alert rules", () => {
  test("promtool finds no mistake", () => {
    expect(promtool(["check", "rules", ruleFile])).toMatchObject({ status: 0 });
  });

  test("each alert has a test", () => {
    expect(alerts.map(([alert]) => alert).toSorted()).toEqual(
      rules.map(({ alert }) => alert).toSorted(),
    );
  });

  test.each(alerts)(
    "%s fires when it should, and not without a reason",
    (alert, series, atMinutes) => {
      expect(fires(alert, series, atMinutes)).toBe(true);
      const quiet = Object.fromEntries(
        Object.keys(series).map((name) => [name, quietValues(name)]),
      );
      expect(fires(alert, quiet, atMinutes)).toBe(false);
    },
  );
});

test("Prometheus scrapes the runtime, and answers every expression of dashboard and rules", async () => {
  const telemetry = await openTelemetry({
    environment: {},
    resource: { version: "1", hostName: "host", pid: 1 },
    onWarning: () => undefined,
    onLinesDropped: () => undefined,
  });
  const handler = telemetry.handler({
    app: "shop",
    component: "cart",
    trigger: "http",
    route: "/",
  });
  const identity = (): { apps: string[]; url: undefined; version: string } => ({
    apps: [],
    url: undefined,
    version: "1",
  });
  await using server = await startAdminServer(
    { kind: "metrics", host: "127.0.0.1", port: 0 },
    telemetry,
    identity,
  );
  await using prometheus = await startPrometheus([`127.0.0.1:${server.port}`], ruleFile);
  const query = async (
    expression: string,
  ): Promise<{ status: string; data: { result: unknown[] } }> => {
    const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    return (await (await fetch(url)).json()) as { status: string; data: { result: unknown[] } };
  };
  const rate = 'sum(rate(whorl_requests_total{app="shop",status="200"}[10s]))';
  for (let found = 0; found === 0; found = (await query(`${rate} > 0`)).data.result.length) {
    const invocation = handler.begin({
      method: "GET",
      scheme: "http",
      target: "/",
      rawHeaders: [],
    });
    invocation.instanceWanted();
    invocation.instanceTaken("fresh");
    invocation.responded(200);
    invocation.end();
    await delay(100);
  }
  for (const [title, expression] of expressions) {
    expect((await query(expression)).status, title).toBe("success");
  }
  const { data } = (await (await fetch(`${prometheus.url}/api/v1/rules`)).json()) as {
    data: { groups: { rules: { name: string; health: string }[] }[] };
  };
  const loaded = data.groups.flatMap((group) => group.rules);
  expect(loaded.map(({ name }) => name)).toEqual(rules.map(({ alert }) => alert));
  expect(loaded.filter(({ health }) => health === "err")).toEqual([]);
});
