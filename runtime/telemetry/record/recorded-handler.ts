import { LineLimiter } from "../line-limiter.ts";
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
  hasStarted: boolean;
  readonly lines: LineLimiter;
}

export function componentState(shared: SharedRecording): ComponentState {
  return { hasStarted: false, lines: new LineLimiter(shared.lineRate, performance.now()) };
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
    return new RecordedInvocation(this, request, undefined);
  }

  beginEvent(event: InboundEvent): Invocation {
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
