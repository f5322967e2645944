import type { EngineFigures } from "./engine-figures.ts";
import type { Verdict } from "./report.ts";

/** What is known of one component. */
export interface JudgedComponent {
  /** Below `wasm-apps/`. */
  readonly component: string;
  readonly engine: Pick<EngineFigures, "isolation" | "firstCall">;
  readonly prepareMs: number;
  readonly wasmtimeCompileMs: number | undefined;
  /** By name of the server. */
  readonly loads: Readonly<
    Record<string, { readonly requestsPerSecond: number; readonly aloneP50Us: number }>
  >;
}

/** What a component should reach. Ratios are to `wasmtime serve`. */
interface Reach {
  readonly rate?: number;
  readonly latency?: number;
  readonly isolationUs: number;
  readonly firstCallMs: { readonly p50: number; readonly p99: number };
  /** Of the time that wasmtime takes to compile it. */
  readonly prepare?: number;
}

/** Of guests that bring an interpreter. */
const interpreted = { isolationUs: 100, firstCallMs: { p50: 2, p99: 5 } } as const;

const reaches: Readonly<Record<string, Reach>> = {
  "hello-rust/hello.wasm": {
    ...{ rate: 2.5, latency: 0.6, isolationUs: 15 },
    firstCallMs: { p50: 0.3, p99: 1 },
  },
  "hello-typescript/dist/hello.wasm": {
    ...interpreted,
    ...{ rate: 1, latency: 1, prepare: 0.2 },
  },
  "hello-python/dist/app.wasm": interpreted,
};

/** Verdicts on one component; none on those of which nothing was asked. */
export function verdictsOn(measured: JudgedComponent): Verdict[] {
  const reach = reaches[measured.component];
  if (reach === undefined) return [];
  const { isolation, firstCall } = measured.engine;
  const first = `${measured.component}, first call of a new instance`;
  return [
    ...ratios(measured, reach),
    {
      figure: `${measured.component}, isolation of a request, p50`,
      ...{ measured: isolation.p50, unit: "us", reach: { atMost: reach.isolationUs } },
    },
    {
      figure: `${first}, p50`,
      ...{ measured: firstCall.p50 / 1_000, unit: "ms", reach: { atMost: reach.firstCallMs.p50 } },
    },
    {
      figure: `${first}, p99`,
      ...{ measured: firstCall.p99 / 1_000, unit: "ms", reach: { atMost: reach.firstCallMs.p99 } },
    },
  ];
}

function ratios(measured: JudgedComponent, reach: Reach): Verdict[] {
  const { component, prepareMs, wasmtimeCompileMs, loads } = measured;
  const { "whorl up": ours, "wasmtime serve": theirs } = loads;
  const verdicts: Verdict[] = [];
  if (reach.rate !== undefined && ours !== undefined && theirs !== undefined) {
    verdicts.push({
      figure: `${component}, requests/s, ours / wasmtime serve`,
      ...{ measured: ours.requestsPerSecond / theirs.requestsPerSecond, unit: "x" },
      reach: { atLeast: reach.rate },
    });
  }
  if (reach.latency !== undefined && ours !== undefined && theirs !== undefined) {
    verdicts.push({
      figure: `${component}, p50 of one connection, ours / wasmtime serve`,
      ...{ measured: ours.aloneP50Us / theirs.aloneP50Us, unit: "x" },
      reach: { atMost: reach.latency },
    });
  }
  if (reach.prepare !== undefined && wasmtimeCompileMs !== undefined) {
    verdicts.push({
      figure: `${component}, prepare / wasmtime compile`,
      ...{ measured: prepareMs / wasmtimeCompileMs, unit: "x", reach: { atMost: reach.prepare } },
    });
  }
  return verdicts;
}
