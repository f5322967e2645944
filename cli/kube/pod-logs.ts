import { Writable } from "node:stream";
import { CoreV1Api, Log } from "@kubernetes/client-node";
import type { LogOptions, V1Pod } from "@kubernetes/client-node";
import type { TextSink } from "../io.ts";
import { appContainer } from "./app-pods.ts";
import { clusterError } from "./kube-session.ts";
import type { KubeSession } from "./kube-session.ts";

export interface PodLogOptions extends LogOptions {
  /** The app's container where not given. */
  readonly container?: string;
  /** Before each line. */
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/**
 * Copies the log of a pod's container to its end, or until the signal.
 * @throws WhorlError `cluster`
 */
export async function copyPodLog(
  pod: V1Pod,
  session: KubeSession,
  { sink, options }: { readonly sink: TextSink; readonly options: PodLogOptions },
): Promise<void> {
  const { container = appContainer(pod), prefix, signal, ...logOptions } = options;
  const { config, namespace } = session;
  const name = pod.metadata?.name ?? "";
  const stream = lineStream((line) => sink.write(`${prefix}${line}\n`));
  const ended = new Promise<void>((resolve) => stream.once("close", resolve));
  try {
    const log = await new Log(config).log(namespace, name, container, stream, logOptions);
    const stop = (): void => {
      log.abort();
      stream.destroy();
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    await ended;
  } catch (error) {
    const reason = await failureReason({ name, container }, session);
    throw clusterError(reason ?? error, `read the log of ${name}`);
  }
}

/** The streaming client drops what the API server says; the plain one keeps it. */
async function failureReason(
  place: { readonly name: string; readonly container: string },
  { config, namespace }: KubeSession,
): Promise<unknown> {
  const api = config.makeApiClient(CoreV1Api);
  return await api.readNamespacedPodLog({ ...place, namespace, limitBytes: 1 }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Cuts what is written into lines; the last one need not end. */
export function lineStream(onLine: (line: string) => void): Writable {
  const decoder = new TextDecoder();
  let rest = "";
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
      done();
    },
    final: (done) => {
      if (rest !== "") onLine(rest);
      done();
    },
  });
}
