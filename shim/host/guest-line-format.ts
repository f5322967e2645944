/** A guest's line as it goes into the container's log. */
export type GuestLineFormat = (
  component: string,
  stream: "stdout" | "stderr",
  line: string,
  traceId?: string,
) => string;

/**
 * The form that a container's environment asks for: with `WHORL_LOG_FORMAT=json` an object per
 * line, with its component and, where traces are recorded, its trace; else the line as it is.
 */
export function guestLineFormat(
  environment: readonly (readonly [name: string, value: string])[],
): GuestLineFormat {
  const format = environment.findLast(([name]) => name === "WHORL_LOG_FORMAT")?.[1];
  return format === "json" ? jsonLine : plainLine;
}

const plainLine: GuestLineFormat = (_component, _stream, line) => line;

const jsonLine: GuestLineFormat = (component, stream, line, traceId) =>
  JSON.stringify({
    ...{ time: new Date().toISOString(), component, stream, line },
    ...(traceId !== undefined && { trace_id: traceId }),
  });
