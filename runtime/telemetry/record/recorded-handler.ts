import { LineLimiter } from "../line-limiter.ts";
import { noInvocation } from "../no-telemetry.ts";
import type {
  HandlerIdentity,
  HandlerTelemetry,
  InboundEvent,
  InboundRequest,
  InstanceStart,
  Invocation,
} from "../telemetry.ts";
import type { TraceContext } from "../trace/trace-context.ts";
import { RecordedInvocation } from "./recorded-invocation.ts";
import { RequestMeters } from "./request-meters.ts";
import type { SharedRecording } from "./shared-recording.ts";

/** What the triggers of one component share. */
export interface ComponentState {
  readonly app: string;
  readonly component: string;
  hasStarted: boolean;
  /** How long its guests were at work, what they only waited for aside. */
  busyMs: number;
  readonly lines: LineLimiter;
}

export function componentState(
  { app, component }: Pick<HandlerIdentity, "app" | "component">,
  { lineRate }: Pick<SharedRecording, "lineRate">,
): ComponentState {
  const lines = new LineLimiter(lineRate, performance.now());
  return { app, component, hasStarted: false, busyMs: 0, lines };
}

/** Counts and traces one trigger of one component. */
export class RecordedHandler implements HandlerTelemetry {
  readonly identity: HandlerIdentity;
  readonly shared: SharedRecording;
  readonly meters: RequestMeters;
  readonly guestSpanName: string;
  readonly #state: ComponentState;

  constructor(identity: HandlerIdentity, shared: SharedRecording, state: ComponentState) {
    this.identity = identity;
    this.shared = shared;
    this.meters = new RequestMeters(shared.metrics, identity);
    this.guestSpanName = `execute_wasm_component ${identity.component}`;
    this.#state = state;
  }

  begin(request: InboundRequest): Invocation {
    if (!this.shared.recording.isOn) return noInvocation;
    return new RecordedInvocation(this, request, undefined);
  }

  beginEvent(event: InboundEvent): Invocation {
    if (!this.shared.recording.isOn) return noInvocation;
    if (event.sentMs !== undefined) {
      this.meters.lag.observe(Math.max(0, Date.now() - event.sentMs) / 1000);
    }
    return new RecordedInvocation(this, undefined, event);
  }

  backlog(events: number): void {
    this.meters.backlog.set(events);
  }

  eventDropped(): void {
    this.meters.eventsDropped.add();
  }

  /** A guest has done its work: `ms` without what it only waited for. */
  wasBusy(ms: number): void {
    if (ms > 0) this.#state.busyMs += ms;
  }

  /** From the modules, or the first one from the snapshot where none was ready beforehand. */
  isColdStart(start: InstanceStart): boolean {
    const isFirst = !this.#state.hasStarted;
    this.#state.hasStarted = true;
    return start === "cold" || (isFirst && start === "fresh");
  }

  /** Whether the line may be shown; it is counted in both cases. */
  line(stream: "stdout" | "stderr", text: string, span: TraceContext | undefined): boolean {
    this.meters.lines[stream].add();
    if (!this.#state.lines.take(performance.now())) {
      this.meters.linesDropped.add();
      return false;
    }
    const line = {
      timeMs: Date.now(),
      component: this.identity.component,
      stream,
      text,
      traceId: span?.traceId ?? "",
      spanId: span?.spanId ?? "",
    };
    this.shared.logs?.push({ from: "line", line });
    return true;
  }
}
