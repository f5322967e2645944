import { useEffect, useState } from "preact/hooks";
import { ConsoleError } from "../api/console-client.ts";

/** What was asked for, as far as it has come. A value stays while newer ones fail to come. */
export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly problem: ConsoleError | undefined;
}

/**
 * Asks for something, and again every so often while the page is seen. `key` tells it apart: what
 * came under another one is not shown.
 */
export function useLoaded<Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  everyMs: number | "once",
): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value> & { readonly key: string }>(nothing(key));
  useEffect(() => {
    const ended = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const value = await load(ended.signal);
        if (!ended.signal.aborted) setLoaded({ key, value, problem: undefined });
      } catch (error) {
        if (ended.signal.aborted) return;
        const problem = asProblem(error);
        setLoaded((before) => ({
          ...(before.key === key ? before : nothing<Value>(key)),
          problem,
        }));
      }
    };
    void ask();
    const timer =
      everyMs === "once"
        ? undefined
        : setInterval(() => {
            if (!document.hidden) void ask();
          }, everyMs);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [key]);
  return loaded.key === key ? loaded : nothing(key);
}

function nothing<Value>(key: string): Loaded<Value> & { readonly key: string } {
  return { key, value: undefined, problem: undefined };
}

function asProblem(error: unknown): ConsoleError {
  if (error instanceof ConsoleError) return error;
  return new ConsoleError("internal", error instanceof Error ? error.message : String(error));
}
