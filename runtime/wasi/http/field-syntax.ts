/**
 * Names that a guest may neither set nor see: they belong to the connection, which is the host's.
 * Host is one of them: a guest learns it as `authority`, and sets it so.
 */
const forbiddenNames: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const lowerToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The name in lower case, or undefined when it is no token (RFC 9110, 5.1). */
export function fieldName(name: string): string | undefined {
  if (lowerToken.test(name)) return name;
  return token.test(name) ? name.toLowerCase() : undefined;
}

/** Whether the text is a token (RFC 9110, 5.6.2): a method, for one. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** Whether a lower-case name is withheld from guests. */
export function isForbiddenName(name: string): boolean {
  return forbiddenNames.has(name);
}

/**
 * Whether the bytes may be the value of that field: no control character but tab (RFC 9110, 5.5);
 * digits that fit 64 bits for content-length.
 */
export function isFieldValue(name: string, value: Uint8Array): boolean {
  if (name === "content-length") return isContentLength(value);
  for (const byte of value) {
    if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return false;
  }
  return true;
}

function isContentLength(value: Uint8Array): boolean {
  if (value.length === 0 || value.length > 20) return false;
  for (const byte of value) {
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return value.length < 20 || BigInt(latin1(value)) <= 0xffff_ffff_ffff_ffffn;
}

/** One character per byte, as header lines are read and written. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
