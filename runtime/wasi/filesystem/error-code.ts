/** What `node:fs` calls an error, as wasi:filesystem/types `error-code`. */
const errorCodes = {
  EACCES: "access",
  EAGAIN: "would-block",
  EWOULDBLOCK: "would-block",
  EALREADY: "already",
  EBADF: "bad-descriptor",
  EBUSY: "busy",
  EDEADLK: "deadlock",
  EDQUOT: "quota",
  EEXIST: "exist",
  EFBIG: "file-too-large",
  EILSEQ: "illegal-byte-sequence",
  EINPROGRESS: "in-progress",
  EINTR: "interrupted",
  EINVAL: "invalid",
  EIO: "io",
  EISDIR: "is-directory",
  ELOOP: "loop",
  EMLINK: "too-many-links",
  EMSGSIZE: "message-size",
  ENAMETOOLONG: "name-too-long",
  ENODEV: "no-device",
  ENOENT: "no-entry",
  ENOLCK: "no-lock",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  ENOTDIR: "not-directory",
  ENOTEMPTY: "not-empty",
  ENOTRECOVERABLE: "not-recoverable",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  ENOSYS: "unsupported",
  ENOTTY: "no-tty",
  ENXIO: "no-such-device",
  EOVERFLOW: "overflow",
  EPERM: "not-permitted",
  EPIPE: "pipe",
  EROFS: "read-only",
  ESPIPE: "invalid-seek",
  ETXTBSY: "text-file-busy",
  EXDEV: "cross-device",
  // The type has no case for "too many open files".
  EMFILE: "insufficient-memory",
  ENFILE: "insufficient-memory",
} as const;

export type Errno = keyof typeof errorCodes;
export type ErrorCode = (typeof errorCodes)[Errno];

/** A refusal of our own that looks like one of the operating system. */
export class FileFailure extends Error {
  override readonly name = "FileFailure";
  readonly code: Errno;

  constructor(code: Errno, reason: string) {
    super(`${code}: ${reason}`);
    this.code = code;
  }
}

/**
 * The error-code of something that `node:fs` or {@link FileFailure} threw; `io` for an errno that
 * the interface does not know; undefined for anything else, which is a fault of ours.
 */
export function errorCodeOf(error: unknown): ErrorCode | undefined {
  const errno = errnoOf(error);
  if (errno === undefined) return undefined;
  return Object.hasOwn(errorCodes, errno) ? errorCodes[errno as Errno] : "io";
}

/** The errno's name (`ENOENT`) if `error` comes from the operating system or looks like it. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof FileFailure) return error.code;
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
