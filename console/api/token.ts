const storageKey = "whorl-token";

/** Where the token comes from and is kept: parts of the browser's objects. */
export interface TokenPlaces {
  readonly location: Pick<Location, "hash" | "pathname" | "search">;
  readonly history: Pick<History, "replaceState" | "state">;
  readonly storage: Pick<Storage, "getItem" | "setItem">;
}

/**
 * The token that the address brought (`#token=...`), else the one kept for this tab. One that came
 * is kept, and removed from the address, so that nobody reads it over a shoulder or copies it.
 */
export function takeToken({ location, history, storage }: TokenPlaces): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (token === "") return storage.getItem(storageKey) ?? undefined;
  storage.setItem(storageKey, token);
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/**
 * What a person pasted: a token, or the whole address with it. `""` where there is none.
 */
export function tokenFromText(text: string): string {
  const trimmed = text.trim();
  const hash = trimmed.indexOf("#");
  if (hash === -1) return trimmed;
  return new URLSearchParams(trimmed.slice(hash + 1)).get("token") ?? "";
}

/** Keeps a token for this tab. */
export function keepToken(storage: Pick<Storage, "setItem">, token: string): void {
  storage.setItem(storageKey, token);
}
