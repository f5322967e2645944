import type { HandlerTelemetry, Invocation, Telemetry } from "./telemetry.ts";

/** The invocation of who tells nothing: shared by all requests. */
export const noInvocation: Invocation = {
  isOn: false,
  traceId: undefined,
  guest: undefined,
  instanceWanted: nothing,
  instanceTaken: nothing,
  responded: nothing,
  resetStarted: nothing,
  resetEnded: nothing,
  failed: nothing,
  limitHit: nothing,
  outbound: () => noCall,
  hostCall: () => noCall,
  line: () => true,
  end: nothing,
};

const noCall = { headers: (lines: string[]): string[] => lines, end: nothing };

const noHandler: HandlerTelemetry = {
  begin: () => noInvocation,
  beginEvent: () => noInvocation,
  backlog: nothing,
  eventDropped: nothing,
};

/** Tells nothing and costs nothing. */
export const noTelemetry: Telemetry = {
  isOn: false,
  isTracing: false,
  handler: () => noHandler,
  lines: () => noInvocation,
  observe: () => ({ [Symbol.dispose]: nothing }),
  forget: nothing,
};

function nothing(): void {}
