/**
 * How a new version of the front takes over from the running one without ending a pod.
 *
 * The running front becomes the new program by execve(2): one process goes on under another
 * program. So the process id that containerd and the kernel know stays, host processes stay its
 * children (their exit status is not lost), and what the kernel keeps for descriptors stays: the
 * listening socket with those who wait there, containerd's connections, the channels to the host
 * processes. What only this program knows goes through a file.
 *
 *     upgrade -> HandOver request
 *       trial: the new program is started once to say which formats it reads
 *       pause: nothing more is read; requests in work are answered, except those that wait for an
 *              end (Wait, WaitSandbox, HandOver), which the new program goes on answering
 *       state: written to a file in memory (the disk may be full), its descriptors marked to stay
 *              open
 *       execve -> the new program reads the file, goes on, and answers HandOver
 *
 * Until execve nothing is changed that cannot be taken back, and the new program neither reads nor
 * closes anything it was given before it knows that it can go on: a container may end at any moment.
 *
 * Guests serve all the time: none of them runs here. If the new program cannot go on, it becomes
 * the previous one again in the same way, and HandOver fails with the reason.
 */
import { execFile } from "node:child_process";
import { closeSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { ConnectionState } from "../ttrpc/server.ts";
import type { ProcessCalls } from "./process-calls.ts";
import type { SandboxState } from "./sandbox-service.ts";
import type { TaskServiceState } from "./task-service.ts";

/** Changes with the state below, and with what host processes are told and tell (host/protocol.ts). */
export const handOverFormat = 1;

/** A front as it is started. */
export interface FrontProgram {
  /** Path of Node. */
  readonly node: string;
  readonly program: string;
}

/** Everything that a front needs to go on. */
export interface FrontState {
  readonly format: typeof handOverFormat;
  /** Descriptors of listening sockets. */
  readonly lock: number;
  readonly server: number;
  readonly connections: readonly {
    readonly connection: ConnectionState;
    /** Keys of containers that were talked about over it. */
    readonly containers: readonly string[];
  }[];
  readonly tasks: TaskServiceState;
  readonly sandboxes: readonly SandboxState[];
  /** Process ids. */
  readonly children: readonly number[];
  /** All that have to stay open. */
  readonly descriptors: readonly number[];
  readonly previous: FrontProgram;
  /** Why the program that was to take over did not, if this is the way back. */
  readonly failure: string | undefined;
}

/** Arguments of a front that is only to say what it can read. */
export const checkArgument = "check";

/** What it says. */
export const checkAnswer: string = JSON.stringify({ formats: [handOverFormat] });

/**
 * Starts a program as a trial, so that one that cannot run is found out before there is no way
 * back.
 * @throws ShimError `failed_precondition`
 */
export async function tryProgram({ node, program }: FrontProgram): Promise<void> {
  let said: string;
  try {
    const options = { cwd: "/", timeout: shimLimits.trialMsMax };
    said = (await promisify(execFile)(node, [...nodeFlags, program, checkArgument], options))
      .stdout;
  } catch (error) {
    const text = `${program} cannot be run: ${errorText(error)}`;
    throw new ShimError("failed_precondition", text, { cause: error });
  }
  if (readsFormat(said)) return;
  const text = `${program} does not read format ${handOverFormat}: drain the node, then replace it`;
  throw new ShimError("failed_precondition", text);
}

function readsFormat(said: string): boolean {
  try {
    const { formats } = JSON.parse(said) as { readonly formats?: unknown };
    return Array.isArray(formats) && formats.includes(handOverFormat);
  } catch {
    return false;
  }
}

/** What `HandOver` carries. Throws `invalid_argument`. */
export function parseFrontProgram(payload: Uint8Array): FrontProgram {
  try {
    const value = JSON.parse(Buffer.from(payload).toString()) as Partial<FrontProgram> | null;
    const { node, program } = value ?? {};
    if (isAbsolute(node) && isAbsolute(program)) return { node, program };
  } catch {
    // Answered below.
  }
  throw new ShimError("invalid_argument", "HandOver needs the absolute paths of node and program");
}

function isAbsolute(path: unknown): path is string {
  return typeof path === "string" && path.startsWith("/");
}

/**
 * This process becomes another program, which goes on with the state; does not return.
 * @throws ShimError `internal` if it cannot; then nothing has changed
 */
export function becomeProgram(
  { node, program }: FrontProgram,
  args: readonly string[],
  { state, calls }: { state: FrontState; calls: ProcessCalls },
): never {
  using undo = new DisposableStack();
  try {
    const file = calls.memoryFile("front.state");
    undo.defer(() => closeSync(file));
    writeFileSync(file, JSON.stringify(state));
    for (const descriptor of state.descriptors) {
      calls.keepAtExec(descriptor, true);
      undo.defer(() => calls.keepAtExec(descriptor, false));
    }
    process.execve?.(node, [node, ...nodeFlags, program, ...args, String(file)]);
    throw new Error("nothing has happened");
  } catch (error) {
    const text = `the front does not become ${program}: ${errorText(error)}`;
    throw new ShimError("internal", text, { cause: error });
  }
}

/**
 * Reads what {@link becomeProgram} has written, and closes it.
 * @throws ShimError `failed_precondition` for a state of another format
 */
export function takeFrontState(file: string): FrontState {
  const descriptor = Number(file);
  // From its beginning, which is not where the writer has left it.
  const state = JSON.parse(readFileSync(`/proc/self/fd/${descriptor}`, "utf8")) as FrontState;
  closeSync(descriptor);
  if (state.format === handOverFormat) return state;
  throw new ShimError("failed_precondition", `the state has format ${String(state.format)}`);
}

const nodeFlags: readonly string[] = ["--disable-warning=ExperimentalWarning"];
