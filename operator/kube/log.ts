/** What this room needs of a logger; pino's fits. Messages are constant, values are fields. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function nothing(): void {}

/** A log that nobody reads. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
