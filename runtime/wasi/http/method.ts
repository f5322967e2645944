/** wasi:http/types `method`. */
export type Method =
  | {
      readonly tag:
        | "get"
        | "head"
        | "post"
        | "put"
        | "delete"
        | "connect"
        | "options"
        | "trace"
        | "patch";
      readonly val: undefined;
    }
  | { readonly tag: "other"; readonly val: string };

/** wasi:http/types `scheme`. */
export type Scheme =
  | { readonly tag: "HTTP" | "HTTPS"; readonly val: undefined }
  | { readonly tag: "other"; readonly val: string };

export const getMethod: Method = { tag: "get", val: undefined };

const knownMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["GET", getMethod],
  ["HEAD", { tag: "head", val: undefined }],
  ["POST", { tag: "post", val: undefined }],
  ["PUT", { tag: "put", val: undefined }],
  ["DELETE", { tag: "delete", val: undefined }],
  ["CONNECT", { tag: "connect", val: undefined }],
  ["OPTIONS", { tag: "options", val: undefined }],
  ["TRACE", { tag: "trace", val: undefined }],
  ["PATCH", { tag: "patch", val: undefined }],
]);

const httpScheme: Scheme = { tag: "HTTP", val: undefined };
const httpsScheme: Scheme = { tag: "HTTPS", val: undefined };

/** The variant for a method as on the wire; methods are case-sensitive (RFC 9110, 9.1). */
export function methodVariant(name: string): Method {
  return knownMethods.get(name) ?? { tag: "other", val: name };
}

/** The method as on the wire. */
export function methodName(method: Method): string {
  return method.tag === "other" ? method.val : method.tag.toUpperCase();
}

export function schemeVariant(name: "http" | "https"): Scheme {
  return name === "http" ? httpScheme : httpsScheme;
}
