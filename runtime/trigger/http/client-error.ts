import type { Duplex } from "node:stream";

/** The h2c preface by which a client with prior knowledge starts (RFC 9113, 3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** What node:http reports with `clientError`. */
export interface ClientError extends Error {
  readonly code?: string;
  /** The bytes that could not be parsed, and how many of them could. */
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/**
 * If the HTTP/1 parser stopped because the client speaks HTTP/2: detaches the parser from the
 * socket and puts the bytes back, as if nobody had read them. Costs HTTP/1 connections nothing.
 */
export function recoverHttp2(error: ClientError, socket: Duplex): boolean {
  const { rawPacket, bytesParsed } = error;
  if (error.code !== "HPE_PAUSED_H2_UPGRADE") return false;
  if (rawPacket === undefined || bytesParsed === undefined) return false;
  detachParser(socket);
  // Adding the listener has started a flow, which would lose what is put back.
  socket.pause();
  // As node:http2 has its own sockets: without this a client that closes is not noticed.
  socket.allowHalfOpen = false;
  // The preface may have come in pieces of which the last is here; the parser has seen all of it.
  socket.unshift(Buffer.concat([preface, rawPacket.subarray(bytesParsed)]));
  return true;
}

/**
 * Refuses what is no HTTP request, if the client can still be told: 431 for a head that is too
 * long, 408 for one that takes too long, 400 for any other. The client gets `lingerMs` to read it.
 */
export function refuse(error: ClientError, socket: Duplex, lingerMs: number): void {
  // With a response under way the refusal would be taken for a part of it.
  if (!socket.writable || isResponding(socket) || !refusable(error)) {
    socket.destroy();
    return;
  }
  const status = statusLines.get(error.code ?? "") ?? "400 Bad Request";
  detachParser(socket);
  // Closing with unread bytes would reset the connection, and the answer might be lost with it.
  socket.resume();
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}

const statusLines: ReadonlyMap<string, string> = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/** Parser errors and time-outs; not errors of the socket itself or of TLS. */
function refusable(error: ClientError): boolean {
  const code = error.code ?? "";
  return code.startsWith("HPE_") || code === "ERR_HTTP_REQUEST_TIMEOUT";
}

/** node:http keeps the response that a socket belongs to there. */
function isResponding(socket: Duplex): boolean {
  const { _httpMessage: response } = socket as { _httpMessage?: unknown };
  return response !== null && response !== undefined;
}

function detachParser(socket: Duplex): void {
  // Adding a data listener makes node:http give the socket's handle back. The close listener
  // stays: it frees the parser.
  socket.on("data", ignore);
  for (const event of ["data", "end", "drain", "error", "timeout", "pause", "resume"]) {
    socket.removeAllListeners(event);
  }
  socket.on("error", ignore);
}

function ignore(): void {}
