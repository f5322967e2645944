import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { RequestOptions } from "node:https";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { ApiException } from "@kubernetes/client-node";
import type { V1Pod } from "@kubernetes/client-node";
import { limits } from "../../runtime/limits.ts";
import { printableText } from "../../runtime/telemetry/printable-text.ts";
import type { TextSink } from "../io.ts";
import { appContainer } from "./app-pods.ts";
import { clusterError } from "./kube-session.ts";
import type { KubeSession } from "./kube-session.ts";

/** Which part of a pod's log is meant. */
export interface PodLogOptions {
  readonly follow: boolean;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
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
  const { prefix, signal } = options;
  try {
    const response = await openLog(logPath(pod, session, options), session, signal);
    // Programs get what the app wrote; a terminal would obey it.
    const shown = (line: string): string => (sink.isTerminal ? printableText(line, true) : line);
    const lines = lineStream((line) => sink.write(`${prefix}${shown(line)}\n`));
    await pipeline(response, lines, { signal });
  } catch (error) {
    if (signal.aborted) return;
    throw clusterError(error, `read the log of ${pod.metadata?.name ?? ""}`);
  }
}

function logPath(pod: V1Pod, { namespace }: KubeSession, options: PodLogOptions): string {
  const { prefix: _prefix, signal: _signal, ...wanted } = options;
  const query = new URLSearchParams({ container: appContainer(pod) });
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== false) query.set(name, String(value));
  }
  const name = encodeURIComponent(pod.metadata?.name ?? "");
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${name}/log?${query.toString()}`;
}

/** The client library's own reader drops what the API server says about a failure. */
async function openLog(
  path: string,
  { config }: KubeSession,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(`${config.getCurrentCluster()?.server ?? ""}${path}`);
  const options: RequestOptions = { signal, headers: { accept: "application/json, */*" } };
  await config.applyToHTTPSOptions(options);
  const send = url.protocol === "http:" ? httpRequest : httpsRequest;
  const sent = send(url, options).end();
  const [response] = (await once(sent, "response", { signal })) as [IncomingMessage];
  const { statusCode = 0 } = response;
  // No content: the pod is on no node yet, and has written nothing.
  if (statusCode === 200 || statusCode === 204) return response;
  throw new ApiException(statusCode, "log", await text(response), {});
}

/**
 * Cuts what is written into lines; the last one need not end, and one of more than
 * `limits.podLogLineCharsMax` characters becomes several.
 */
export function lineStream(onLine: (line: string) => void): Writable {
  const decoder = new TextDecoder();
  let rest = "";
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
      if (rest.length > limits.podLogLineCharsMax) {
        onLine(rest);
        rest = "";
      }
      done();
    },
    final: (done) => {
      rest += decoder.decode();
      if (rest !== "") onLine(rest);
      done();
    },
  });
}
