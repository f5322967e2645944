/**
 * What can go wrong while loading or running an app, as a closed set. The embedder decides by the
 * code what to do: refuse the app, answer 500, exit with a status.
 */
export const whorlErrorCodes = {
  /** The bytes are neither a component nor a core module. */
  not_wasm: "not_wasm",
  /** A core module where a component is needed. */
  core_module: "core_module",
  /** The binary breaks the component binary format. */
  malformed: "malformed",
  /** The binary can be decoded but breaks a validation rule. */
  invalid: "invalid",
  /** Correct, but not supported by this version. */
  unsupported: "unsupported",
  /** A bound of limits.ts or of the user was reached. */
  limit: "limit",
  /** The component imports something that nobody provides. */
  import_missing: "import_missing",
  /** The component does not export what the trigger calls, or exports several candidates. */
  no_handler: "no_handler",
  /** The guest broke a rule of the canonical ABI or of WebAssembly: its instance is dead. */
  trap: "trap",
  /** The manifest is wrong. */
  manifest: "manifest",
  /** A file is missing or cannot be read. */
  file: "file",
  /** The address to listen on cannot be had. */
  listen: "listen",
  /** A registry cannot be reached, refuses, or breaks the distribution protocol. */
  registry: "registry",
  /** An image is wrong: its manifest, its layers, or bytes that do not match their digest. */
  image: "image",
  /** A build command failed, or did not make what the manifest names. */
  build: "build",
  /** A Kubernetes API cannot be reached, refuses, or does not have what is asked for. */
  cluster: "cluster",
  /** The command line is wrong. */
  usage: "usage",
} as const;

export type WhorlErrorCode = keyof typeof whorlErrorCodes;

/** Bounds of guests whose reaching is counted. */
export type GuestLimit = "instances" | "memory" | "cpu" | "time";

/** The one error class of the runtime; the message says what happened, where, and what to do. */
export class WhorlError extends Error {
  override readonly name = "WhorlError";
  readonly code: WhorlErrorCode;
  /** Of `limit`: which bound of the guest was reached, if it was one. */
  readonly limit: GuestLimit | undefined;

  constructor(
    code: WhorlErrorCode,
    message: string,
    options?: ErrorOptions & { readonly limit?: GuestLimit },
  ) {
    super(message, options);
    this.code = code;
    this.limit = options?.limit;
  }
}

/** A trap of the canonical ABI: the guest did what the specification forbids. */
export function trap(message: string): never {
  throw new WhorlError("trap", message);
}

/** Text of any thrown value, for messages. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
