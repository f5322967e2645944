import { curvePlot } from "./curve-plot.ts";
import type { Curve } from "./curve-plot.ts";
import { distributionPlot } from "./plot.ts";
import type { Result } from "./results.ts";
import { median } from "./statistics.ts";

/** The parts of raw results that are drawn. */
interface Cold {
  readonly raw: readonly {
    readonly kind: string;
    readonly ms: readonly number[];
    readonly floorMs: readonly number[];
  }[];
}

interface Noisy {
  readonly results: readonly { readonly name: string; readonly floodedMs: readonly number[] }[];
}

interface Bodies {
  readonly results: readonly {
    readonly direction: string;
    readonly bytes: number;
    readonly ours: readonly number[];
    readonly theirs: readonly number[];
  }[];
}

interface Node {
  readonly many: readonly {
    readonly name: string;
    readonly stages: readonly {
      readonly pods: number;
      readonly perSecond: number;
      readonly answerMs: { readonly p50: number };
    }[];
  }[];
}

/** What grows (apps, connections), and what an answer costs then. */
interface Growth {
  readonly curves: Readonly<Record<"apps" | "connections" | "silent", readonly Curve[]>>;
}

const milliseconds = "milliseconds";

/** By the name of a benchmark: the plots of its results, by the names of their files. */
const plotters: Readonly<Record<string, (raw: unknown) => Record<string, string>>> = {
  cold: (raw) => {
    const { raw: kinds } = raw as Cold;
    const floor = { name: "node:http, idle", values: kinds.flatMap(({ floorMs }) => floorMs) };
    const ours = kinds.map(({ kind, ms }) => ({ name: kind, values: ms }));
    const title = "Idle app: connect to first byte";
    return { cold: distributionPlot({ title, unit: milliseconds, series: [...ours, floor] }) };
  },
  noisy: (raw) => {
    const { results } = raw as Noisy;
    const series = results.map(({ name, floodedMs }) => ({ name, values: floodedMs }));
    const title = "A quiet app while another one is flooded";
    return { noisy: distributionPlot({ title, unit: milliseconds, series }) };
  },
  density: (raw) => {
    const { raw: values } = raw as { readonly raw: readonly number[] };
    const series = [{ name: "whorl", values }];
    const title = "First byte of each of many idle apps";
    return { density: distributionPlot({ title, unit: milliseconds, series }) };
  },
  bodies: (raw) => ({
    bodies: curvePlot({
      ...{ title: "Throughput of bodies", across: "bytes of a body", up: "MB/s" },
      curves: bodyCurves(raw as Bodies),
    }),
  }),
  node: (raw) => {
    const { many } = raw as Node;
    const curves = (of: (stage: Node["many"][number]["stages"][number]) => number): Curve[] =>
      many.map(({ name, stages }) => ({
        // What comes after it is too long for a legend.
        name: name.replace(/,.*/, ""),
        points: stages.map((stage) => [stage.pods, of(stage)] as const),
      }));
    const common = { across: "pods on the node" };
    return {
      "pods-started": curvePlot({
        ...{ ...common, title: "Pods started in a second", up: "pods/s" },
        curves: curves(({ perSecond }) => perSecond),
      }),
      "pods-answer": curvePlot({
        ...{ ...common, title: "Answer of an idle pod", up: "ms, p50" },
        curves: curves(({ answerMs }) => answerMs.p50),
      }),
    };
  },
  growth: (raw) => {
    const { curves } = raw as Growth;
    const plot = (name: keyof typeof curves, across: string): string =>
      curvePlot({ title: "Processor time of an answer", across, up: "µs", curves: curves[name] });
    return {
      apps: plot("apps", "apps in the process, asked in turn"),
      connections: plot("connections", "connections that ask"),
      silent: plot("silent", "connections that are open and say nothing"),
    };
  },
};

function bodyCurves({ results }: Bodies): Curve[] {
  const directions = [...new Set(results.map(({ direction }) => direction))];
  return directions.flatMap((direction) =>
    (["ours", "theirs"] as const).map((side) => ({
      name: `${direction}, ${side === "ours" ? "whorl" : "node:http"}`,
      points: results
        .filter((each) => each.direction === direction)
        .map((each) => [each.bytes, median(each[side])] as const),
    })),
  );
}

/** The plots of all results, as SVG by the names of their files. */
export function plotsOf(results: ReadonlyMap<string, Result>): Record<string, string> {
  const drawn = Object.entries(plotters).flatMap(([name, plot]) => {
    const result = results.get(name);
    return result === undefined ? [] : Object.entries(plot(result.raw));
  });
  return Object.fromEntries(drawn);
}
