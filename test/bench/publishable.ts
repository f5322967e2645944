/** Five digits say more than any of these measurements means. */
const digits = 5;

/** An absolute path: two names or more, at the beginning of a word. */
const path = /(?<=^|[\s"'=:(,])(?:\/[\w.@+-]+){2,}/g;

/**
 * A result as it may be committed: no path of this machine (only the last name of each is left), no
 * name of it, numbers rounded.
 */
export function publishable(value: unknown, hostName: string): unknown {
  if (typeof value === "number") return rounded(value);
  if (typeof value === "string") return withoutPlaces(value, hostName);
  if (Array.isArray(value)) return value.map((each: unknown) => publishable(each, hostName));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, publishable(each, hostName)]),
  );
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(digits));
}

function withoutPlaces(text: string, hostName: string): string {
  const bare = text.replaceAll(path, (found) => found.slice(found.lastIndexOf("/") + 1));
  // What every machine is called says nothing.
  return hostName === "" || hostName === "localhost" ? bare : bare.replaceAll(hostName, "HOST");
}
