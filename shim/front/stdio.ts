import { closeSync, constants, openSync } from "node:fs";
import { ShimError, errorText } from "../error.ts";

/** Where containerd wants a container's output. */
export interface OutputPaths {
  readonly stdout: string;
  /** Empty for a terminal, whose output is all on stdout. */
  readonly stderr: string;
}

/** Descriptors of both; disposing closes them, a second time does nothing. */
export interface OpenOutputs extends Disposable {
  readonly stdout: number;
  readonly stderr: number;
  readonly isOpen: boolean;
}

/** Outputs that are open already, or none. */
export function adoptOutputs(
  descriptors: { readonly stdout: number; readonly stderr: number } | undefined,
): OpenOutputs {
  let isOpen = descriptors !== undefined;
  const { stdout, stderr } = descriptors ?? { stdout: -1, stderr: -1 };
  return {
    stdout,
    stderr,
    get isOpen() {
      return isOpen;
    },
    [Symbol.dispose]: () => {
      if (!isOpen) return;
      isOpen = false;
      closeSync(stdout);
      closeSync(stderr);
    },
  };
}

/**
 * Opens both outputs. A FIFO is opened for reading too: this never blocks while nobody reads, and
 * while containerd is away writing does not fail. Whoever inherits them keeps containerd's reader
 * waiting, so the last one that closes ends the log.
 * @throws ShimError `invalid_argument`
 */
export function openOutputs({ stdout, stderr }: OutputPaths): OpenOutputs {
  const out = openOutput(stdout);
  try {
    const err = stderr === "" ? openOutput(stdout) : openOutput(stderr);
    return adoptOutputs({ stdout: out, stderr: err });
  } catch (error) {
    closeSync(out);
    throw error;
  }
}

function openOutput(uri: string): number {
  const [, scheme = "fifo", path = ""] = /^(?:([a-z0-9]+):\/\/)?([^?]*)/.exec(uri) ?? [];
  try {
    if (path === "") return openSync("/dev/null", "w");
    if (scheme === "fifo") return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    if (scheme === "file") return openSync(path, "a", 0o640);
  } catch (error) {
    const text = `the output ${uri} cannot be opened: ${errorText(error)}`;
    throw new ShimError("invalid_argument", text, { cause: error });
  }
  throw new ShimError("invalid_argument", `output to ${scheme}:// is not supported: use a FIFO`);
}
