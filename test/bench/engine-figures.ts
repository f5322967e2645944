import { GuestGuard } from "../../runtime/instance/guest-guard.ts";
import { Watchdog } from "../../runtime/instance/watchdog.ts";
import { prepareComponent } from "../../runtime/prepare/prepare.ts";
import { closedContext, GuestApp } from "../isolation/guest-app.ts";
import { type FirstCallSplit, measureFirstCallSplit } from "./first-call-stages.ts";
import { pauses } from "./pauses.ts";
import { median, summary } from "./statistics.ts";

/** Microseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

export interface EngineFigures {
  /** Why instances are not used again; undefined when they are. */
  readonly fresh: string | undefined;
  /** Taking an instance and putting it back, without the guest's own work. */
  readonly isolation: Spread;
  /** The whole request, in an instance that is used again. */
  readonly request: Spread;
  /** The same, each request after one of the pauses, by its name. */
  readonly afterPause: Readonly<Record<string, Spread>>;
  /** The whole request, in a new instance of a component that has answered before. */
  readonly firstCall: Spread;
  /** Where its time goes: of other calls, since looking costs something. */
  readonly firstCallSplit: FirstCallSplit;
  /** The same after a warm-up; undefined with the reason where that is refused. */
  readonly warm: { readonly request: Spread; readonly firstCall: Spread } | string;
  /** CPU time of a request, with and without the checks that let it be interrupted. */
  readonly watchedUs: number;
  readonly plainUs: number;
}

const warmUps = 300;
const requests = 2_000;
const pausedRequests = 300;
const firstCalls = 1_000;
const cpuRounds = 5;

function spread(values: readonly number[]): Spread {
  const { p50, p99 } = summary(values);
  return { p50, p99 };
}

async function answer(app: GuestApp): Promise<void> {
  const { status } = await app.request({ path: "/" });
  if (status !== 200) throw new Error(`the guest answered ${status}`);
}

/** Measures one component inside this process. */
export async function measureEngine(file: string): Promise<EngineFigures> {
  using watchdog = new Watchdog({ cpuMsMax: 10_000 });
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  using app = await GuestApp.load(file, closedContext, { guard });
  using plain = await GuestApp.load(file, closedContext, { prepare: { isInterruptible: false } });
  for (let count = 0; count < warmUps; count++) {
    await answer(app);
    await answer(plain);
  }
  const { reset } = app.prepared;
  const { watchedUs, plainUs } = await compareCpu(app, plain);
  return {
    fresh: reset.kind === "proved" ? undefined : reset.reason,
    ...(await measureRequests(app)),
    afterPause: await measurePaused(app),
    firstCall: await measureFirstCalls(app),
    firstCallSplit: await measureFirstCallSplit(app, firstCalls),
    warm: await measureWarm(file, guard),
    watchedUs,
    plainUs,
  };
}

async function measureRequests(
  app: GuestApp,
): Promise<Pick<EngineFigures, "isolation" | "request">> {
  const isolation: number[] = [];
  const request: number[] = [];
  for (let count = 0; count < requests; count++) {
    const context = closedContext();
    const start = performance.now();
    const lease = app.pool.take(context);
    const taken = performance.now();
    await app.drive(lease.instance, { path: "/" });
    const answered = performance.now();
    lease[Symbol.dispose]();
    const end = performance.now();
    isolation.push((taken - start + end - answered) * 1_000);
    request.push((end - start) * 1_000);
  }
  return { isolation: spread(isolation), request: spread(request) };
}

async function measurePaused(app: GuestApp): Promise<EngineFigures["afterPause"]> {
  const measured: Record<string, Spread> = {};
  for (const { name, work } of pauses) {
    const times: number[] = [];
    for (let count = 0; count < pausedRequests; count++) {
      work();
      const start = performance.now();
      await answer(app);
      times.push((performance.now() - start) * 1_000);
    }
    measured[name] = spread(times);
  }
  return measured;
}

async function measureFirstCalls(app: GuestApp): Promise<Spread> {
  const times: number[] = [];
  for (let count = 0; count < firstCalls; count++) {
    app.pool.trim();
    const start = performance.now();
    await answer(app);
    times.push((performance.now() - start) * 1_000);
  }
  return spread(times);
}

async function measureWarm(file: string, guard: GuestGuard): Promise<EngineFigures["warm"]> {
  using app = await GuestApp.load(file, closedContext, { guard });
  const warmth = await app.pool.warmUp({
    context: closedContext(),
    drive: async (instance) => {
      const { status } = await app.drive(instance, { path: "/" });
      if (status !== 200) throw new Error(status === 0 ? "no answer" : `it answered ${status}`);
    },
  });
  if (warmth.kind === "cold") return warmth.reason;
  for (let count = 0; count < warmUps; count++) await answer(app);
  const { request } = await measureRequests(app);
  return { request, firstCall: await measureFirstCalls(app) };
}

async function compareCpu(
  watched: GuestApp,
  plain: GuestApp,
): Promise<Pick<EngineFigures, "watchedUs" | "plainUs">> {
  const used = [watched, plain].map((app) => ({ app, spentUs: 0 }));
  for (let round = 0; round < cpuRounds; round++) {
    for (const each of used) {
      const start = process.threadCpuUsage();
      for (let count = 0; count < warmUps; count++) await answer(each.app);
      const { user, system } = process.threadCpuUsage(start);
      each.spentUs += user + system;
    }
  }
  // All rounds together: the kernel may count in ticks that are longer than a round.
  const requests = cpuRounds * warmUps;
  const [watchedUs = 0, plainUs = 0] = used.map(({ spentUs }) => spentUs / requests);
  return { watchedUs, plainUs };
}

/** Milliseconds that preparing takes, without a cache. */
export async function measurePrepare(
  bytes: Uint8Array<ArrayBuffer>,
  rounds: number,
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await prepareComponent(bytes);
    times.push(performance.now() - start);
  }
  return median(times);
}
