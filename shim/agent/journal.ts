import { ShimError } from "../error.ts";

/** A file as it was before a change. */
export interface Backup {
  readonly path: string;
  /** Where its bytes are kept; undefined: there was no such file. */
  readonly copy: string | undefined;
  /** Of what was written in its place, hexadecimal; undefined: it was removed. */
  readonly writtenSha256: string | undefined;
}

/** What has been begun on the node's configuration and not been seen to work yet. */
export type Change =
  | { readonly kind: "settled" }
  | {
      readonly kind: "changing";
      readonly backups: readonly Backup[];
      /** How often containerd has been restarted for it. */
      readonly restarts: number;
    };

/** What was tried, did not work, and was taken back. */
export interface Failure {
  /** Of what was wanted; the same is not tried again at once. */
  readonly fingerprint: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/**
 * What an agent that is killed leaves to the next one; written before each step whose outcome
 * cannot be seen on the node itself.
 */
export interface Journal {
  readonly change: Change;
  /** The version that worked before the current one; kept until the current one does. */
  readonly previous: string | undefined;
  readonly failure: Failure | undefined;
}

export const emptyJournal: Journal = {
  change: { kind: "settled" },
  previous: undefined,
  failure: undefined,
};

/** Text of the file. */
export function formatJournal(journal: Journal): string {
  return `${JSON.stringify({ format: 1, ...journal }, undefined, 1)}\n`;
}

/**
 * Reads it; nothing for a file that is not there.
 * @throws ShimError `data_loss` for anything else than what {@link formatJournal} writes
 */
export function parseJournal(text: string | undefined): Journal {
  if (text === undefined) return emptyJournal;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ShimError("data_loss", "the agent's journal is not JSON", { cause: error });
  }
  const { format, change, previous, failure } = (value ?? {}) as Partial<Journal> & {
    readonly format?: unknown;
  };
  if (format !== 1 || !isChange(change)) {
    throw new ShimError("data_loss", "the agent's journal was written by another version");
  }
  return { change, previous, failure };
}

function isChange(value: unknown): value is Change {
  if (typeof value !== "object" || value === null) return false;
  const { kind, backups, restarts } = value as Record<string, unknown>;
  return (
    kind === "settled" ||
    (kind === "changing" && Array.isArray(backups) && Number.isSafeInteger(restarts))
  );
}

/** The journal with a change under way: what was backed up first is what counts. */
export function withBackups(journal: Journal, backups: readonly Backup[]): Journal {
  const { change } = journal;
  const earlier = change.kind === "changing" ? change.backups : [];
  const merged = backups.map((backup) => {
    const first = earlier.find(({ path }) => path === backup.path);
    return first === undefined ? backup : { ...first, writtenSha256: backup.writtenSha256 };
  });
  const kept = earlier.filter(({ path }) => !backups.some((backup) => backup.path === path));
  return { ...journal, change: { kind: "changing", backups: [...kept, ...merged], restarts: 0 } };
}

/** The journal with one restart more. */
export function withRestart(journal: Journal): Journal {
  const { change } = journal;
  const { backups, restarts } = change.kind === "changing" ? change : { backups: [], restarts: 0 };
  return { ...journal, change: { kind: "changing", backups, restarts: restarts + 1 } };
}
